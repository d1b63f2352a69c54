"""The engine's bulk statements for PostgreSQL: arrays, FOR SHARE and COPY."""

from collections.abc import Sequence
from datetime import date

from django.db import IntegrityError, connection, transaction

from briefing.dispatch.sql.rows import RESULT_COLUMNS, ReaderRow, ResultRow

# Whether a row locked by another worker can be passed over.
SKIPS_LOCKED = True

_UPSERT = f"""
INSERT INTO briefing_delivery ({RESULT_COLUMNS})
VALUES (%s, %s, %s, %s, %s, 0, %s, %s, %s, %s)
ON CONFLICT (dispatch_id, subscriber_id) DO UPDATE
SET outcome = excluded.outcome, code = excluded.code, next_at = excluded.next_at,
    reference = excluded.reference, attempts = excluded.attempts
WHERE briefing_delivery.outcome = 5 AND excluded.outcome IN (1, 3)
RETURNING (xmax = 0)
"""  # noqa: S608  constant column names


def dispatch_state(dispatch_id: int) -> str:
    """Return a dispatch's state, share-locked: pausing waits for intents, intents see the pause."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT state FROM briefing_dispatch WHERE id = %s FOR SHARE", [dispatch_id])
        row = cursor.fetchone()
    return row[0] if row else "cancelled"


def lock_readers(newsletter_id: int, ids: Sequence[int], *, today: date) -> dict[int, ReaderRow]:
    """Share-lock the readers' subscriptions in id order, then read what a copy needs.

    Two statements on purpose: the second sees what was committed while the first waited for a lock.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subscriber_id, state, withheld, paused_until > %s "
            "FROM subscribers_subscription WHERE newsletter_id = %s AND subscriber_id = ANY(%s) "
            "ORDER BY id FOR SHARE",
            [today, newsletter_id, list(ids)],
        )
        withdrawn = {
            reader: held or (state if state != "active" else "paused" if paused else "")
            for reader, state, held, paused in cursor.fetchall()
        }
        cursor.execute(
            "SELECT id, address, domain, name, address_hash, locale, format "
            "FROM subscribers_subscriber WHERE id = ANY(%s)",
            [list(withdrawn)],
        )
        return {row[0]: ReaderRow(row[0], withdrawn[row[0]], *row[1:]) for row in cursor.fetchall()}


def holders(keys: Sequence[int]) -> dict[int, int]:
    """Return which of these copy keys have a delivery already, with its dispatch."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT address, dispatch_id FROM briefing_delivery WHERE address = ANY(%s)",
            [list(keys)],
        )
        return dict(cursor.fetchall())


def insert_results(rows: Sequence[ResultRow]) -> bool:
    """Insert results at once; returns False, with nothing written, when a row already exists."""
    try:
        # COPY goes past Django's cursor, and so do its errors unless they are wrapped here.
        with (
            transaction.atomic(),
            connection.cursor() as cursor,
            connection.wrap_database_errors,
            cursor.copy(f"COPY briefing_delivery ({RESULT_COLUMNS}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row((*row[:5], 0, *row[5:]))
    except IntegrityError:
        return False
    return True


def upsert_result(row: ResultRow) -> str:
    """Insert one result, or let a definite answer replace an unknown.

    Returns: "inserted", "resolved" or "kept".
    """
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, list(row))
        found = cursor.fetchone()
    if found is None:
        return "kept"
    return "inserted" if found[0] else "resolved"
