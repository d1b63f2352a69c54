"""Reads a list's rows one after the other, and says of each that cannot be taken what is wrong.

Before it: a CSV file of any length. After it: `importing`.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from subscribers import address
from subscribers.address import Address, AddressRefusedError
from subscribers.transfer.columns import (
    Columns,
    Meaning,
    Standing,
    UnknownStatusError,
    understand,
)

# Nobody's name, and no date, is longer; a quote that is never closed would swallow the file.
_LONGEST_CELL = 20_000
_LONGEST_NAME = 120
# Before any newsletter came by mail: a program's zero, 1970 or the year 1, and no agreement.
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
# listmonk's times, in Go's own writing: with a zone's name, or its offset once more, behind them.
_GO = re.compile(r"(\S+ \S+) ([+-]\d{4}) \S+")


class NotAListError(ValueError):
    """The file as a whole cannot be read; the message says what to do."""


class Person(NamedTuple):
    """One row that was understood. `since` is when they agreed, where the list says so."""

    line: int
    address: Address
    name: str
    since: datetime | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class Refused:
    """One row that cannot be taken, and why, without what stands in it."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class List:
    """A list that is being read: what its columns mean, and its rows."""

    columns: Columns
    rows: Iterator[Person | Refused]


def read(lines: Iterable[str], given: Mapping[Meaning, str], *, now: datetime) -> List:
    """Read a list; rows are read while they are asked for. Raises: NotAListError."""
    source = iter(lines)
    first = next(source, "")
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(_chained(first, source), delimiter=_delimiter(first), strict=True)
    try:
        columns = understand(next(reader, []), given)
    except KeyError as error:
        raise NotAListError(
            _("The first line names no column “%(name)s”. Say which it is with --column.")
            % {"name": error.args[0]}
        ) from error
    except csv.Error as error:
        raise NotAListError(_("The first line is not that of a CSV file.")) from error
    return List(columns, _rows(reader, columns, now=now))


def _rows(reader: Any, columns: Columns, *, now: datetime) -> Iterator[Person | Refused]:
    understood = _understanding(columns, now=now)
    while True:
        try:
            row = next(reader, None)
        except csv.Error:
            yield Refused(reader.line_num, _("This line is not CSV: look at its quotation marks."))
            continue
        if row is None:
            return
        if any(row):
            yield understood(reader.line_num, row)


def _understanding(
    columns: Columns, *, now: datetime
) -> Callable[[int, Sequence[str]], Person | Refused]:
    """Return what makes a person of a line, looked up once for all of a list."""
    email, since = columns.reader(Meaning.EMAIL), columns.reader(Meaning.SINCE)
    name, standing = _naming(columns), columns.standing()

    def understood(line: int, row: Sequence[str]) -> Person | Refused:
        try:
            where = address.parse_listed(email(row))
            return Person(line, where, name(row), _since(since(row), now=now), standing(row))
        except AddressRefusedError as error:
            return Refused(line, str(error))
        except UnknownStatusError:
            return Refused(
                line, _("How this reader stood is told in a word that is not known here.")
            )
        except (ValueError, OverflowError):
            return Refused(line, _("The date is none, or still to come. Write it as 2026-11-30."))

    return understood


def _naming(columns: Columns) -> Callable[[Sequence[str]], str]:
    whole, first, last = map(columns.reader, (Meaning.NAME, Meaning.FIRST_NAME, Meaning.LAST_NAME))

    def name(row: Sequence[str]) -> str:
        told = whole(row) or f"{first(row)} {last(row)}".strip()
        if not told.isprintable():
            # What a terminal or a header would trip over, and bytes that were no text.
            told = "".join(each for each in told if each.isprintable())
        return told[:_LONGEST_NAME]

    return name


def _since(told: str, *, now: datetime) -> datetime | None:
    """Return a time in UTC. Raises: ValueError, OverflowError."""
    if not told:
        return None
    try:
        at = datetime.fromisoformat(told.removesuffix(" UTC"))
    except ValueError:
        found = _GO.fullmatch(told)
        if found is None:
            raise
        at = datetime.fromisoformat("".join(found.groups()))
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    if not _EARLIEST <= at <= now:
        raise ValueError("a program's zero, or still to come")
    return at


def _delimiter(first: str) -> str:
    return max(",;\t", key=first.count)


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    # A zero byte is in no address, and PostgreSQL takes none.
    yield from (line.replace("\0", "") for line in rest)
