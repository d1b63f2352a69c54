"""Reports as rows, in bulk: by the ORM each would cost more than everything that is done with it.

record.keep writes through here, apply.fold reads through here.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import QuerySet

from briefing.models import Delivery, Event

_COLUMNS = (
    "provider, key, kind, dispatch_id, subscriber_id, at, code, link, by_person, payload, "
    "received_at, due_at"
)
_ARRAYS = "text[] text[] text[] bigint[] bigint[] timestamptz[] text[] int[] bool[] text[]".split()
_UNNESTED = f"""
INSERT INTO briefing_event ({_COLUMNS})
SELECT provider, key, kind, dispatch_id, subscriber_id, at, code, link, by_person, payload::jsonb,
       %s, %s
FROM unnest({", ".join(f"%s::{kind}" for kind in _ARRAYS)})
AS told (provider, key, kind, dispatch_id, subscriber_id, at, code, link, by_person, payload)
ON CONFLICT (provider, key) DO NOTHING
"""  # noqa: S608  constant column names
_ONE_BY_ONE = f"""
INSERT INTO briefing_event ({_COLUMNS}) VALUES ({", ".join(["%s"] * 12)})
ON CONFLICT (provider, key) DO NOTHING
"""  # noqa: S608  constant column names


class Row(NamedTuple):
    """One report to be written; the columns in the order of the statement."""

    provider: str
    key: str
    kind: str
    dispatch_id: int | None
    subscriber_id: int | None
    at: datetime
    code: str
    link: int | None
    by_person: bool | None
    payload: str


class Told(NamedTuple):
    """What the fold reads of a report; the payload stays where it is."""

    pk: int
    provider: str
    kind: str
    dispatch_id: int | None
    subscriber_id: int | None
    code: str
    link: int | None
    by_person: bool | None
    at: datetime
    received_at: datetime


class Heard(NamedTuple):
    """What the fold reads of a delivery."""

    dispatch_id: int
    subscriber_id: int
    outcome: int
    fate: int


def write(rows: Iterable[Row], *, now: datetime) -> None:
    """Insert reports that are not there yet, in one order, so that two posts never block crosswise."""
    ordered = sorted(rows, key=lambda row: row[:2])
    if not ordered:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_UNNESTED, [now, now, *map(list, zip(*ordered, strict=True))])
        else:
            adapt = connection.ops.adapt_datetimefield_value
            came = adapt(now)
            lines = [(*_with_text_for_time(row), came, came) for row in ordered]
            cursor.executemany(_ONE_BY_ONE, lines)


def _with_text_for_time(row: Row) -> tuple[Any, ...]:
    """Return a row's values as SQLite takes them."""
    adapt = connection.ops.adapt_datetimefield_value
    return tuple(adapt(each) if isinstance(each, datetime) else each for each in row)


def due(*, now: datetime, limit: int) -> list[Told]:
    """Return the reports that are due, oldest first, without locking them."""
    rows = Event.objects.filter(folded_at=None, due_at__lte=now).order_by("due_at", "id")
    return _told(rows[:limit])


def locked(ids: Collection[int]) -> list[Told]:
    """Lock those of these reports that nobody else is folding, and nobody has folded meanwhile."""
    rows = Event.objects.filter(pk__in=ids, folded_at=None).order_by("pk")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    return _told(rows)


def deliveries(dispatch_id: int, readers: Iterable[int]) -> list[Heard]:
    """Return deliveries of one dispatch, locked in the order of their keys."""
    rows = Delivery.objects.select_for_update().filter(
        dispatch_id=dispatch_id, subscriber_id__in=sorted(readers)
    )
    found = rows.order_by("subscriber_id").values_list(*Heard._fields)
    return list(map(Heard._make, found))


def _told(rows: "QuerySet[Event]") -> list[Told]:
    return list(map(Told._make, rows.values_list(*Told._fields)))
