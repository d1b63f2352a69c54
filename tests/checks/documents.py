"""Holds the documents to the project: every setting is described, every link leads somewhere.

And every page of docs/ stands in the menu of the built site.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.checks import files

_READ_BY = ("briefing/settings.py", "briefing/web/health.py")
_READS = re.compile(r"""(?:env\.\w+|environ(?:ment)?\.get)\(\s*"([A-Z][A-Z0-9_]+)\"""")
# What a command or a comment tells people to read.
_NAMED = re.compile(r"(?<![\w/])docs/[\w/-]+\.md\b")
_LINK = re.compile(r"\]\(([^)#\s]+)")


def check() -> Iterator[str]:
    """Name the settings that nobody explained and the links that lead nowhere."""
    explained = (files.ROOT / "docs" / "configuration.md").read_text("utf-8")
    yield from unexplained((files.ROOT / name for name in _READ_BY), explained)
    yield from broken_links(files.own(".md"))
    yield from unlisted(files.ROOT / "docs", (files.ROOT / "mkdocs.yml").read_text("utf-8"))
    yield from misnumbered(files.ROOT / "docs" / "decisions")
    yield from missing(files.own(".py", ".html", ".yaml", "Makefile"), files.ROOT)


def unexplained(paths: Iterable[Path], explained: str) -> Iterator[str]:
    """Name the settings that these modules read and that the text does not have in backticks."""
    for path in paths:
        for name in sorted(set(_READS.findall(path.read_text("utf-8")))):
            if f"`{name}`" not in explained:
                yield f"{files.name_of(path)} reads {name}: explain it in docs/configuration.md"


def unlisted(docs: Path, menu: str) -> Iterator[str]:
    """Name the pages that the menu of the documentation does not lead to."""
    for path in sorted(docs.rglob("*.md")):
        name = path.relative_to(docs).as_posix()
        if name not in menu:
            yield f"docs/{name} is in no menu: name it under nav in mkdocs.yml"


def misnumbered(decisions: Path) -> Iterator[str]:
    """Name the decisions whose number another has, or whose title says a number of its own."""
    taken: dict[str, str] = {}
    for path in sorted(decisions.glob("[0-9]*.md")):
        number, title = path.name[:4], path.read_text("utf-8").partition("\n")[0]
        if (other := taken.setdefault(number, path.name)) != path.name:
            yield f"docs/decisions/{path.name} has the number of {other}: give it the next free one"
        if not title.startswith(f"# {int(number)}. "):
            yield f"docs/decisions/{path.name} begins with “{title}”, not with its number"


def missing(paths: Iterable[Path], root: Path) -> Iterator[str]:
    """Name the documents that code sends people to and that are not there."""
    for path in paths:
        for named in sorted(set(_NAMED.findall(path.read_text("utf-8")))):
            if not (root / named).exists():
                yield f"{files.name_of(path)} names {named}, which is not there"


def broken_links(paths: Iterable[Path]) -> Iterator[str]:
    """Name the links between documents whose end is not there."""
    for path in paths:
        for target in _LINK.findall(path.read_text("utf-8")):
            if "://" not in target and not (path.parent / target).exists():
                yield f"{files.name_of(path)} links to {target}, which is not there"
