"""Gives a table as a CSV file that no spreadsheet takes for anything but words and numbers."""

import csv
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse

# Cells that a spreadsheet would take for a formula. Source: OWASP, CSV Injection.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

# Excel takes a file that does not begin with this for one in the machine's own code page.
_MARK = "\N{BOM}"

_LINES_AT_ONCE = 500


class _Echo:
    """What a writer takes for a file: it keeps nothing and hands each line on."""

    def write(self, line: str) -> str:
        return line


def as_csv(name: str, rows: Iterable[Iterable[Any]]) -> HttpResponse:
    """Return rows as a CSV file to download."""
    return HttpResponse(chain([_MARK], _lines(rows)), **_about(name))


def as_long_csv(name: str, rows: Iterable[Iterable[Any]]) -> StreamingHttpResponse:
    """Return rows as a CSV file that is written while it leaves: there may be a million of them."""
    return StreamingHttpResponse(chain([_MARK], _portions(rows)), **_about(name))


def as_written_csv(name: str, parts: Iterable[str]) -> StreamingHttpResponse:
    """Return lines that the database has written as a CSV file, which is read while it leaves."""
    return StreamingHttpResponse(chain([_MARK], parts), **_about(name))


def _portions(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Yield many lines at once: each piece of an answer costs the server as much as making ten."""
    lines = _lines(rows)
    while portion := list(islice(lines, _LINES_AT_ONCE)):
        yield "".join(portion)


def _lines(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    return (writer.writerow([_harmless(cell) for cell in row]) for row in rows)


def _about(name: str) -> dict[str, Any]:
    return {
        "content_type": "text/csv; charset=utf-8",
        "headers": {"Content-Disposition": f'attachment; filename="{name}"'},
    }


def _harmless(cell: Any) -> Any:
    text = cell if isinstance(cell, int) else str(cell)
    return f"'{text}" if isinstance(text, str) and text.startswith(_FORMULA) else text
