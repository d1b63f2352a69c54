"""The mini-language of an issue, and the markers that hold a place in it for each reader's values.

`{{ name|there }}` is all there is: a variable from a fixed list, with what to say when it is empty.
"""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

# What an editor may write between braces. Everything else a copy needs is the template's business.
VARIABLES = ("name",)
# What the mail's templates place themselves.
TEMPLATE_SLOTS = ("address", "unsubscribe_url", "preferences_url", "view_url")

_EXPRESSION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_FORM = re.compile(r"\s*(?P<variable>[a-z_]+)\s*(?:\|(?P<fallback>[^{}|]*))?\Z")
_URL_PREFIX = "https://slot.invalid/"


class UnknownVariableError(ValueError):
    """An editor wrote an expression that no reader has a value for."""

    def __init__(self, expression: str) -> None:
        known = ", ".join(f"{{{{ {name}|… }}}}" for name in VARIABLES)
        names = {"expression": f"{{{{{expression}}}}}", "known": known}
        super().__init__(_("“%(expression)s” is not known here. Known: %(known)s.") % names)
        self.expression = expression


def check(text: str) -> None:
    """Refuse a text with an expression that cannot be resolved.

    Raises: UnknownVariableError, naming the first one.
    """
    for found in _EXPRESSION.finditer(text):
        _slot_name(found[1])


def _slot_name(expression: str) -> str:
    form = _FORM.match(expression)
    if form is None or form["variable"] not in VARIABLES:
        raise UnknownVariableError(expression)
    return f"{form['variable']}|{(form['fallback'] or '').strip()}"


@dataclass(slots=True)
class Markers:
    """Stands in for readers' values while a text passes through Markdown, MJML and CSS inlining.

    A marker is plain letters and digits, random per compilation: nothing on the way changes it, and
    no article can contain it by accident or by design.
    """

    _prefix: str = field(default_factory=lambda: f"S{secrets.token_hex(6)}n")
    _names: list[str] = field(default_factory=list)

    def marker(self, name: str) -> str:
        """Return the marker of a slot; a slot whose name ends in `_url` gets the form of a link."""
        if name not in self._names:
            self._names.append(name)
        plain = f"{self._prefix}{self._names.index(name)}e"
        return f"{_URL_PREFIX}{plain}" if name.endswith("_url") else plain

    def resolve(self, text: str) -> str:
        """Replace each `{{ name|there }}` of a text by its marker.

        Raises: UnknownVariableError.
        """
        return _EXPRESSION.sub(lambda found: self.marker(_slot_name(found[1])), text)

    def split(self, text: str) -> list[str]:
        """Cut a finished text into [segment, slot, segment, slot, ..., segment]."""
        parts = re.split(rf"(?:{re.escape(_URL_PREFIX)})?{self._prefix}(\d+)e", text)
        parts[1::2] = [self._names[int(number)] for number in parts[1::2]]
        return parts

    def count(self, text: str) -> int:
        """Return how many markers a text holds."""
        return text.count(self._prefix)


def slots_of(segments: Iterable[str]) -> list[str]:
    """Return the slot names of a split text, in order, with repetitions."""
    return list(segments)[1::2]


def join(segments: list[str], values: dict[str, str]) -> str:
    """Put one reader's values into a split text."""
    parts = list(segments)
    parts[1::2] = [values[name] for name in segments[1::2]]
    return "".join(parts)


def filled(segments: list[str], forms: Mapping[str, list[str]]) -> list[str]:
    """Put split texts in the place of slots; what is open in them stays open."""
    parts = segments[:1]
    for slot, behind in zip(segments[1::2], segments[2::2], strict=True):
        first, *rest = forms.get(slot, ["", slot, ""])
        parts[-1] += first
        parts += rest
        parts[-1] += behind
    return parts


def for_everybody(text: str) -> str:
    """Return what an issue says with nobody's name in it: `{{ name|there }}` becomes "there".

    Raises: UnknownVariableError.
    """
    return for_one(text, name="")


def for_one(text: str, *, name: str) -> str:
    """Return what a text says to somebody of that name. Raises: UnknownVariableError."""
    markers = Markers()
    parts = markers.split(markers.resolve(text))
    return join(parts, named(parts, name))


def named(segments: Iterable[str], name: str) -> dict[str, str]:
    """Return what stands in the slots of an editor's text for somebody of that name."""
    return {slot: name or slot.partition("|")[2] for slot in slots_of(segments)}
