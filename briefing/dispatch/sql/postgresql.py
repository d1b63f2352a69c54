"""The engine's bulk statements for PostgreSQL: arrays and FOR SHARE."""

from collections.abc import Sequence
from datetime import date

from django.db import IntegrityError, transaction

from briefing.dispatch.sql.rows import (
    READERS,
    RESULT_COLUMNS,
    UPSERT_RESULT,
    ReaderRow,
    ResultRow,
)
from briefing.dispatch.sql.statements import array, changes, rows

# Whether a row locked by another worker can be passed over.
SKIPS_LOCKED = True

_LOCK = """
SELECT COUNT(*) FROM (
    SELECT 1 FROM subscribers_subscription
    WHERE newsletter_id = %s AND subscriber_id = ANY(%s::bigint[]) ORDER BY id FOR SHARE
) AS locked
"""
_READ = f"{READERS} = ANY(%s::bigint[])"
_INSERT = f"""
INSERT INTO briefing_delivery ({RESULT_COLUMNS})
SELECT %s, subscriber_id, address, %s, outcome, 0, attempts, code, next_at, reference
FROM unnest(
    %s::bigint[], %s::bigint[], %s::smallint[], %s::smallint[], %s::text[], %s::timestamptz[],
    %s::text[]
) AS told (subscriber_id, address, outcome, attempts, code, next_at, reference)
"""  # noqa: S608  constant column names
_UPSERT = f"{UPSERT_RESULT} RETURNING (xmax = 0)"


def take_turn_alone(dispatch_id: int) -> None:
    """Wait until no intent of a dispatch is under way; those that come meanwhile wait as well.

    Until the end of the transaction.
    """
    rows("SELECT pg_advisory_xact_lock(%s)", [_turn(dispatch_id)])


def dispatch_state(dispatch_id: int) -> str:
    """Return a dispatch's state, share-locked: pausing waits for intents, intents see the pause.

    In a statement of its own the turn, for which it may wait: what is read behind it is as it is then.
    """
    rows("SELECT pg_advisory_xact_lock_shared(%s)", [_turn(dispatch_id)])
    found = rows("SELECT state FROM briefing_dispatch WHERE id = %s FOR SHARE", [dispatch_id])
    return str(found[0][0]) if found else "cancelled"


def _turn(dispatch_id: int) -> int:
    """Return the number of a dispatch's queue, among all locks of this database that have numbers."""
    return int.from_bytes(b"DISP") << 32 | dispatch_id & 0xFFFF_FFFF


def lock_readers(newsletter_id: int, ids: Sequence[int], *, today: date) -> dict[int, ReaderRow]:
    """Share-lock the readers' subscriptions in id order, then read what a copy needs.

    Two statements on purpose: the second sees what was committed while the first waited for a lock.
    """
    wanted = array(ids)
    rows(_LOCK, [newsletter_id, wanted])
    return {row[0]: ReaderRow(*row) for row in rows(_READ, [today, newsletter_id, wanted])}


def holders(keys: Sequence[int]) -> dict[int, int]:
    """Return which of these copy keys have a delivery already, with its dispatch."""
    return dict(
        rows(
            "SELECT address, dispatch_id FROM briefing_delivery WHERE address = ANY(%s::bigint[])",
            [array(keys)],
        )
    )


def insert_new(results: Sequence[ResultRow]) -> None:
    """Insert results of one dispatch and one time. Raises: IntegrityError where a row stands.

    ON CONFLICT would look each row up before it inserts it, at two thirds of what that costs.
    """
    dispatch_id, readers, addresses, at, outcomes, attempts, *words = zip(*results, strict=True)
    # A column in which nothing stands is not sent: an array that is shorter is filled with NULL.
    spoken = [list(column) if any(column) else None for column in words]
    numbers = [array(column) for column in (readers, addresses, outcomes, attempts)]
    changes(_INSERT, [dispatch_id[0], at[0], *numbers, *spoken])


def insert_results(results: Sequence[ResultRow]) -> Sequence[ResultRow]:
    """Insert results; return all of them where a row stands already."""
    try:
        with transaction.atomic():
            insert_new(results)
    except IntegrityError:
        return results
    return ()


def upsert_result(row: ResultRow) -> str:
    """Insert one result, or let a definite answer replace an unknown.

    Returns: "inserted", "resolved" or "kept".
    """
    found = rows(_UPSERT, row)
    if not found:
        return "kept"
    return "inserted" if found[0][0] else "resolved"
