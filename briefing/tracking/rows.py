"""Reports as rows, in bulk: by the ORM each would cost more than everything that is done with it.

record.keep writes through here, apply.fold reads through here.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from briefing.models import Event
from briefing.tracking.sql import dialect
from briefing.tracking.sql.rows import Row


class Told(NamedTuple):
    """What a report's consequences are drawn from; the payload stays where it is."""

    provider: str
    kind: str
    dispatch_id: int | None
    subscriber_id: int | None
    code: str


def write(rows: Iterable[Row], *, now: datetime) -> None:
    """Insert reports that are not there yet, in one order, so that two posts never block crosswise."""
    ordered = sorted(rows, key=lambda row: row[:2])
    if ordered:
        dialect().insert(ordered, now=now)


def due(*, now: datetime, limit: int) -> list[int]:
    """Return the reports that are due, oldest first, without locking them."""
    rows = Event.objects.filter(folded_at=None, due_at__lte=now).order_by("due_at", "id")
    return list(rows.values_list("pk", flat=True)[:limit])


def told(ids: Collection[int], kinds: Collection[str]) -> list[Told]:
    """Return those of these reports that are of certain kinds, in the order they came."""
    names, marks = ", ".join(Told._fields), ", ".join(["%s"] * len(kinds))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {names} FROM briefing_event "  # noqa: S608  constant column names
            f"WHERE id {dialect().AMONG} AND kind IN ({marks}) ORDER BY id",
            [dialect().ids(ids), *kinds],
        )
        return list(map(Told._make, cursor.fetchall()))
