"""Finds texts that a language lacks, guesses nobody has read, and catalogues that were not compiled.

It reads the code and the catalogues by itself: GNU gettext is not on every machine.
"""

import ast
import gettext
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation.template import templatize

from tests.checks import files

_CATALOGUES = ("briefing/locale", "subscribers/locale")
_CALLS = {
    *("_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"),
    *("pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy"),
}
_STRING = r"u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
_IN_TEMPLATE = re.compile(rf"\b(_|n?p?gettext)\(((?:{_STRING}\s*,?\s*)+)", re.DOTALL)
_PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")


@dataclass(slots=True)
class Entry:
    """One entry of a catalogue; `texts` are its translations, one for each form."""

    context: str = ""
    text: str = ""
    plural: str = ""
    texts: tuple[str, ...] = ()
    fuzzy: bool = False


def check() -> Iterator[str]:
    """Name everything that would be read in the wrong language."""
    known: dict[str, set[tuple[str, str]]] = {}
    for place in _CATALOGUES:
        for path in sorted((files.ROOT / place).glob("*/LC_MESSAGES/django.po")):
            entries = read(path.read_text("utf-8"))
            yield from wrong(files.name_of(path), entries)
            yield from uncompiled(path, entries)
            language = path.parent.parent.name
            known.setdefault(language, set()).update((each.context, each.text) for each in entries)
    for name, context, text in spoken(files.own(".py", ".html", ".txt", ".mjml")):
        for language, texts in known.items():
            if (context, text) not in texts:
                yield f"{name} says “{text[:60]}”, which {language} has no words for"


def read(catalogue: str) -> list[Entry]:
    """Return the entries of a .po file, without its header."""
    found: list[Entry] = []
    for block in re.split(r"\n\s*\n", catalogue):
        entry, forms, key = Entry(), dict[str, str](), ""
        for line in block.splitlines():
            entry.fuzzy |= line.startswith("#,") and "fuzzy" in line
            match = re.match(r'(msg\w+(?:\[\d\])?)?\s*(".*")$', line)
            if match:
                key = match[1] or key
                forms[key] = forms.get(key, "") + ast.literal_eval(match[2])
        entry.context, entry.text = forms.get("msgctxt", ""), forms.get("msgid", "")
        entry.plural = forms.get("msgid_plural", "")
        entry.texts = tuple(text for key, text in forms.items() if key.startswith("msgstr"))
        if entry.text:
            found.append(entry)
    return found


def wrong(name: str, entries: Iterable[Entry]) -> Iterator[str]:
    """Name the entries without words, with guessed ones, or with other places for values."""
    for each in entries:
        if not all(each.texts):
            yield f"{name} has no words for “{each.text[:60]}”"
        elif each.fuzzy:
            yield f"{name} only guesses at “{each.text[:60]}”"
        elif set(_PLACE.findall("".join(each.texts))) != set(
            _PLACE.findall(each.text + each.plural)
        ):
            yield f"{name} names other values than “{each.text[:60]}”"


def uncompiled(path: Path, entries: list[Entry]) -> Iterator[str]:
    """Tell when the compiled file beside a catalogue says something else."""
    compiled = path.with_suffix(".mo")
    if not compiled.is_file():
        yield f"{files.name_of(path)} was never compiled"
        return
    with compiled.open("rb") as file:
        said = gettext.GNUTranslations(file)
    for each in entries:
        key = f"{each.context}\x04{each.text}" if each.context else each.text
        found = said.ngettext(key, "", 1) if each.plural else said.gettext(key)
        if each.texts and found != each.texts[0]:
            yield f"{files.name_of(compiled)} is older than its catalogue: “{each.text[:60]}”"
            return


def spoken(paths: Iterable[Path]) -> Iterator[tuple[str, str, str]]:
    """Yield every text to translate in these files: where it stands, its context, itself."""
    for path in paths:
        name = files.name_of(path)
        if not name.startswith(("briefing/", "subscribers/", "templates/")):
            continue
        source = path.read_text("utf-8")
        texts = _in_code(source) if name.endswith(".py") else _in_template(source)
        for context, text in texts:
            yield name, context, text


def _in_code(source: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        called = node.func.id if isinstance(node.func, ast.Name) else called
        if called in _CALLS:
            arguments = [
                each.value
                for each in node.args
                if isinstance(each, ast.Constant) and isinstance(each.value, str)
            ]
            yield from _texts(called, arguments)


def _in_template(source: str) -> Iterator[tuple[str, str]]:
    for match in _IN_TEMPLATE.finditer(templatize(source)):
        arguments = [ast.literal_eval(text) for text in re.findall(_STRING, match[2], re.DOTALL)]
        yield from _texts(match[1], arguments)


def _texts(called: str, arguments: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the text that a call translates: a plural is found by its singular."""
    context = arguments.pop(0) if "pgettext" in called and arguments else ""
    if arguments:
        yield context, arguments[0]
