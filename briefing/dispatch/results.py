"""Writing what became of a group: rows once, counters beside them, late answers let in."""

import struct
from array import array
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from briefing.dispatch import late
from briefing.dispatch.outcome import ACCEPTED, COUNTERS, DEFERRED, UNKNOWN, next_attempt
from briefing.dispatch.sql import dialect
from briefing.dispatch.sql.rows import ResultRow
from briefing.models import Batch, DispatchCount

_FIRST_64_BITS = struct.Struct(">q").unpack_from


def copy_key(dispatch_id: int, address_hash: bytes) -> int:
    """Return the number that stands for one dispatch to one address: a row holds it, once.

    64 bits of the hash, moved by the dispatch. One number is a third less of an index than two.
    """
    number: int = _FIRST_64_BITS(address_hash)[0]
    return number ^ dispatch_id


def readers_of(batch: Batch) -> "array[int]":
    """Return a batch's frozen reader ids, by position."""
    readers = array("q")
    readers.frombytes(bytes(batch.readers))
    return readers


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one reader, and with how many attempts.

    Without an attempt there is no `address`: another reader may have it by now, and is to be
    written to.
    """

    outcome: int
    code: str | None = None
    attempts: int = 0
    address: int | None = None
    reference: str | None = None


def row(dispatch_id: int, subscriber_id: int, verdict: Verdict, *, now: datetime) -> ResultRow:
    """Return the row of a first attempt. An accepted one needs no words; a deferred one a time.

    A deferred copy that never left (no attempts) is due at once.
    """
    next_at = None
    if verdict.outcome == DEFERRED:
        tried = verdict.attempts
        next_at = next_attempt(tried, now=now, first_at=now) if tried else now
    return ResultRow(
        dispatch_id=dispatch_id,
        subscriber_id=subscriber_id,
        address=verdict.address,
        at=now,
        outcome=verdict.outcome,
        attempts=verdict.attempts,
        code=None if verdict.outcome == ACCEPTED else (verdict.code or "")[:120],
        next_at=next_at,
        reference=verdict.reference,
    )


def insert(rows: Sequence[ResultRow]) -> Counter[int]:
    """Write a group's results, none of which stands yet; return how many there are of each outcome.

    Raises: IntegrityError where one does, and the transaction is lost: `write` them in another.
    """
    if rows:
        dialect().insert_new(rows)
    return Counter([row.outcome for row in rows])


def write(rows: Sequence[ResultRow]) -> Counter[int]:
    """Write a group's results; return how many rows of each outcome are new.

    All of them are inserted at once. Where a row is there already, the recovery of a lease that ran
    out was quicker: then a definite answer still replaces an unknown, and nothing else changes.
    """
    if not rows:
        return Counter()
    new = Counter([row.outcome for row in rows])
    for row in dialect().insert_results(rows):
        if write_one(row) != "inserted":
            new[row.outcome] -= 1
    return new


def write_one(row: ResultRow) -> str:
    """Write one result next to whatever stands there; keep the dispatch's counters true."""
    if row.address is not None and dialect().holders([row.address]):
        # The same reader's row, or another reader who had this address: one copy per address. Once
        # in billions it is chance, and a stranger of another dispatch; that costs nobody a copy.
        row = row._replace(address=None)
    done = dialect().upsert_result(row)
    if done == "resolved":
        accepted = [row.subscriber_id] if row.outcome == ACCEPTED else []
        adjust(row.dispatch_id, Counter({row.outcome: 1}), taken={UNKNOWN: 1}, accepted=accepted)
    return str(done)


def adjust(
    dispatch_id: int,
    new: Counter[int],
    *,
    taken: dict[int, int],
    accepted: Collection[int] = (),
) -> None:
    """Move numbers between a dispatch's counters after their batches had counted them.

    `accepted` are the readers whose copies are accepted by now: they count for their lanes too.
    """
    if not +new:
        return
    count = lock_counters(dispatch_id)
    for outcome, number in new.items():
        count.adjusted[COUNTERS[outcome]] = count.adjusted.get(COUNTERS[outcome], 0) + number
    for outcome, number in taken.items():
        count.adjusted[COUNTERS[outcome]] = count.adjusted.get(COUNTERS[outcome], 0) - number
    count.save(update_fields=["adjusted"])
    late.count(dispatch_id, accepted, lanes=count.lanes)


def lock_counters(dispatch_id: int) -> DispatchCount:
    """Return the row of a dispatch's counters, which nobody else changes before our commit."""
    return DispatchCount.objects.select_for_update().get(pk=dispatch_id)
