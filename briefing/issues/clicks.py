"""Cuts the links of a compiled issue out of its text, so that each copy can carry its own.

Before it: a rendered text split at its slots. After it: the edition's link table, and slots named
`click0_url`, `click1_url` ... that dispatch fills with redirects. Pure.
"""

import re
from collections.abc import Iterable
from html import unescape

OPEN_SLOT = "open_url"
_SLOT = re.compile(r"click(\d+)_url")
_IN_HTML = re.compile(r"<a\b[^<>]*?\shref=\"(https?://[^\"]+)\"")
# What ends a sentence does not end a link.
_IN_TEXT = re.compile(r"(https?://[^\s<>\"]*[^\s<>\".,;:!?)\]’”])")
_PICTURE = ('<img src="', '" width="1" height="1" alt="" style="display:block;border:0">')
_END = "</body>"
# As long as the table's column.
_LONGEST = 1000


class LinkTable:
    """The addresses that an edition points at, each once, by their place.

    Where two subjects are on trial each has a table, and the second's places begin behind the
    first's: so a click tells which subject it is for, and of whom it is still not.
    """

    def __init__(self, urls: Iterable[str] = (), *, begin: int = 0) -> None:
        self._begin = begin
        self._positions: dict[str, int] = {}
        for url in urls:
            self.position(url)

    def position(self, url: str) -> int:
        """Return an address's place, at the end when it is new."""
        return self._positions.setdefault(url, self._begin + len(self._positions))

    @property
    def urls(self) -> list[str]:
        """Every address in its place."""
        return list(self._positions)


def from_html(segments: list[str], table: LinkTable) -> list[str]:
    """Replace the constant links of an HTML text by slots."""
    return _cut(segments, _IN_HTML, table)


def from_text(segments: list[str], table: LinkTable) -> list[str]:
    """Replace the constant links of a plain text by slots."""
    return _cut(segments, _IN_TEXT, table)


def with_picture(segments: list[str]) -> list[str]:
    """Put the picture that counts an opening at the end of an HTML text."""
    head, end, tail = segments[-1].rpartition(_END)
    return [*segments[:-1], head + _PICTURE[0], OPEN_SLOT, _PICTURE[1] + end + tail]


def place_of(slot: str) -> int | None:
    """Return the place in the link table that a slot stands for, or None for other slots."""
    found = _SLOT.fullmatch(slot)
    return int(found[1]) if found else None


def _cut(segments: list[str], pattern: re.Pattern[str], table: LinkTable) -> list[str]:
    parts: list[str] = []
    for index, piece in enumerate(segments):
        if index % 2:
            parts.append(piece)
            continue
        start = 0
        for found in pattern.finditer(piece):
            url = unescape(found[1]) if pattern is _IN_HTML else found[1]
            if len(url) <= _LONGEST:
                parts += [piece[start : found.start(1)], f"click{table.position(url)}_url"]
                start = found.end(1)
        parts.append(piece[start:])
    return parts
