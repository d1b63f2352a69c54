"""Gives a table as a CSV file that no spreadsheet takes for anything but words and numbers."""

import csv
from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse

# Cells that a spreadsheet would take for a formula. Source: OWASP, CSV Injection.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(name: str, rows: Iterable[Iterable[Any]]) -> HttpResponse:
    """Return rows as a CSV file to download."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.writer(response)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return response


def _harmless(cell: Any) -> Any:
    text = cell if isinstance(cell, int) else str(cell)
    return f"'{text}" if isinstance(text, str) and text.startswith(_FORMULA) else text
