"""Writing what became of a group: rows once, counters beside them, late answers let in."""

import struct
from array import array
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.db.models import F

from briefing.dispatch.outcome import ACCEPTED, COUNTERS, DEFERRED, UNKNOWN, next_attempt
from briefing.dispatch.sql import dialect
from briefing.dispatch.sql.rows import ResultRow
from briefing.models import Batch


def short_hash(address_hash: bytes) -> int:
    """Return the first 64 bits of an address hash as the signed number that a row holds."""
    return struct.unpack(">q", address_hash[:8])[0]


def readers_of(batch: Batch) -> "array[int]":
    """Return a batch's frozen reader ids, by position."""
    readers = array("q")
    readers.frombytes(bytes(batch.readers))
    return readers


def row(
    dispatch_id: int,
    subscriber_id: int,
    outcome: int,
    *,
    now: datetime,
    address: int | None,
    code: str | None,
    attempts: int,
    reference: str | None = None,
) -> ResultRow:
    """Return the row of a first attempt. An accepted one needs no words; a deferred one a time.

    A deferred copy that never left (no attempts) is due at once.
    """
    next_at = None
    if outcome == DEFERRED:
        next_at = next_attempt(attempts, now=now, first_at=now) if attempts else now
    words = None if outcome == ACCEPTED else (code or "")[:120]
    return ResultRow(
        dispatch_id, subscriber_id, address, now, outcome, attempts, words, next_at, reference
    )


def write(batch_id: int, rows: Sequence[ResultRow]) -> Counter[int]:
    """Write a group's results; return how many rows of each outcome are new.

    The fast way inserts all at once. When a row is already there, the recovery of a lease that ran
    out was quicker: then a definite answer still replaces an unknown, and nothing else changes.
    """
    if not rows:
        return Counter()
    if dialect().insert_results(rows):
        return Counter(row.outcome for row in rows)
    return Counter(row.outcome for row in rows if write_one(batch_id, row) == "inserted")


def write_one(batch_id: int, row: ResultRow) -> str:
    """Write one result next to whatever stands there; keep the batch's counters true."""
    if row.address is not None and dialect().taken_addresses(row.dispatch_id, [row.address]):
        # The same reader's row, or another reader who had this address: one copy per address.
        row = row._replace(address=None)
    done = dialect().upsert_result(row)
    if done == "resolved":
        Batch.objects.filter(pk=batch_id).update(
            **{
                COUNTERS[UNKNOWN]: F(COUNTERS[UNKNOWN]) - 1,
                COUNTERS[row.outcome]: F(COUNTERS[row.outcome]) + 1,
            }
        )
    return str(done)
