"""The engine's bulk statements for SQLite: one writer at a time, so BEGIN IMMEDIATE is the lock."""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import IntegrityError, connection

from briefing.dispatch.sql.rows import (
    INSERT_RESULT,
    READERS,
    UPSERT_RESULT,
    ReaderRow,
    ResultRow,
)
from briefing.dispatch.sql.statements import rows

# Whether a row locked by another worker can be passed over.
SKIPS_LOCKED = False

_READ = f"{READERS} IN (SELECT value FROM json_each(%s))"  # noqa: S608  constant words
_HOLDERS = """
SELECT address, dispatch_id FROM briefing_delivery
WHERE address IN (SELECT value FROM json_each(%s))
"""


def take_turn_alone(_dispatch_id: int) -> None:
    """There is one writer at a time, and whoever changes a dispatch is it."""


def dispatch_state(dispatch_id: int) -> str:
    """Return a dispatch's state; the transaction already holds the only write lock."""
    found = rows("SELECT state FROM briefing_dispatch WHERE id = %s", [dispatch_id])
    return str(found[0][0]) if found else "cancelled"


def lock_readers(newsletter_id: int, ids: Sequence[int], *, today: date) -> dict[int, ReaderRow]:
    """Read what the intent needs of the readers, under the transaction's write lock."""
    found = rows(_READ, [today.isoformat(), newsletter_id, json.dumps(list(ids))])
    return {row[0]: ReaderRow(*row) for row in found}


def holders(keys: Sequence[int]) -> dict[int, int]:
    """Return which of these copy keys have a delivery already, with its dispatch."""
    return dict(rows(_HOLDERS, [json.dumps(list(keys))]))


def insert_new(results: Sequence[ResultRow]) -> None:
    """Insert results. Raises: IntegrityError where a row stands, with those before it inserted."""
    with connection.cursor() as cursor:
        cursor.executemany(INSERT_RESULT, [_adapted(row) for row in results])


def insert_results(results: Sequence[ResultRow]) -> Sequence[ResultRow]:
    """Insert results; return those that are left because a row stood in the way of the first."""
    database = connection.connection
    before = database.total_changes
    try:
        insert_new(results)
    except IntegrityError:
        # What was inserted before it stands: of a statement that fails SQLite takes back no other.
        return results[database.total_changes - before :]
    return ()


def upsert_result(row: ResultRow) -> str:
    """Insert one result, or let a definite answer replace an unknown.

    Returns: "inserted", "resolved" or "kept".
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT outcome FROM briefing_delivery WHERE dispatch_id = %s AND subscriber_id = %s",
            [row.dispatch_id, row.subscriber_id],
        )
        before = cursor.fetchone()
        cursor.execute(UPSERT_RESULT, _adapted(row))
        changed = cursor.rowcount
    if before is None:
        return "inserted"
    return "resolved" if changed else "kept"


def _adapted(row: ResultRow) -> tuple[Any, ...]:
    # All rows of a group carry the same time, so its text is made once for them.
    return (
        *row[:3],
        _as_text(_whole(row.at)),
        *row[4:7],
        row.next_at and _as_text(row.next_at),
        row[8],
    )


@lru_cache(maxsize=64)
def _whole(value: datetime) -> datetime:
    """Return the next whole second: as text a fraction is a tenth of a row, and tells nobody more.

    Up, not down: a row must not seem older than the consent it rests on.
    """
    return value + timedelta(microseconds=-value.microsecond % 1_000_000)


@lru_cache(maxsize=64)
def _as_text(value: datetime) -> str:
    return str(connection.ops.adapt_datetimefield_value(value))
