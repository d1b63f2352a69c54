"""The point of no return and what comes after it: one transaction commits the next group's intent
and the results of groups answered before it.

An intent looks once more, under a lock, at every reader it is about to write to. Whoever withdrew
before its commit is skipped; whoever withdraws later was already being written to.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest

from briefing.dispatch import results
from briefing.dispatch.claims import Held, lease_end
from briefing.dispatch.copies import BadReaderError, CopyMaker
from briefing.dispatch.journal import Journal
from briefing.dispatch.outcome import (
    ACCEPTED,
    COUNTERS,
    DEFERRED,
    QUARANTINED,
    SKIPPED,
    UNKNOWN,
    next_attempt,
)
from briefing.dispatch.sql import dialect
from briefing.dispatch.sql.rows import ReaderRow, ResultRow
from briefing.dispatch.states import SENDING
from briefing.models import Batch, Dispatch
from briefing.transports.base import Copy, Group

OUTAGE_WAIT = timedelta(seconds=30)
NO_WAIT = timedelta(0)
# Left at the end of a lease for the last answer's row to be written.
_MARGIN_SECONDS = 2.0


@dataclass(slots=True)
class InFlight:
    """A group whose intent is committed: positions `first` to `upto` (not included) of a batch."""

    held: Held
    dispatch_id: int
    first: int
    upto: int
    slot: int
    wire: Group

    @property
    def copies(self) -> list[Copy]:
        """The copies to be handed over; skipped readers have their row already."""
        return self.wire.copies


@dataclass(frozen=True, slots=True)
class Stopped:
    """No intent was committed. `lost` says that the batch is somebody else's by now."""

    reason: str
    lost: bool = False


def intend(
    dispatch: Dispatch,
    held: Held,
    maker: CopyMaker,
    journal: Journal,
    *,
    answered: Sequence[InFlight],
    now: datetime,
) -> InFlight | Stopped:
    """Commit the intent for the next group of a held batch; record `answered` on the way."""
    first = held.intent_upto
    upto = min(held.size, first + (1 if held.cautious else settings.GROUP_SIZE))
    slot = journal.begin(batch_id=held.batch_id, fence=held.fence, first=first, count=upto - first)
    started = time.monotonic()
    with transaction.atomic():
        record_in(answered, now=now)
        state = dialect().dispatch_state(dispatch.pk)
        if state not in SENDING:
            stopped: Stopped | None = Stopped(state)
        else:
            copies, settled = _prepare(dispatch, held, maker, range(first, upto), now=now)
            stopped = None if _commit(held, upto, settled, now=now) else Stopped("fence", lost=True)
    _release_slots(answered, journal)
    if stopped:
        journal.end(slot)
        return stopped
    for copy in copies:
        copy.mark = journal.mark(slot, copy.position - first)
    held.intent_upto = upto
    patience = settings.LEASE_SECONDS - settings.EMAIL_TIMEOUT - _MARGIN_SECONDS
    return InFlight(held, dispatch.pk, first, upto, slot, Group(copies, started + patience))


def _prepare(
    dispatch: Dispatch, held: Held, maker: CopyMaker, positions: range, *, now: datetime
) -> tuple[list[Copy], list[ResultRow]]:
    """Splice every copy, and settle at once those that will not be handed over.

    Splicing stands before the commit on purpose: what cannot be built fails while nothing is owed.
    """
    ids = [held.readers[position] for position in positions]
    readers = dialect().lock_readers(dispatch.issue.newsletter_id, ids, today=now.date())
    addresses = [results.short_hash(row.address_hash) for row in readers.values() if row.address]
    taken = dialect().taken_addresses(dispatch.pk, addresses)
    copies: list[Copy] = []
    settled: list[ResultRow] = []
    for position in positions:
        reader = readers.get(held.readers[position])
        reason = _reason_to_skip(reader, taken)
        if reader is None or reason:
            settled.append(
                _row(dispatch.pk, held.readers[position], SKIPPED, code=reason, now=now)
            )
            continue
        try:
            copies.append(maker.make(reader, position=position))
        except BadReaderError as error:
            settled.append(
                _row(dispatch.pk, reader.subscriber_id, QUARANTINED, code=error.reason, now=now)
            )
    return copies, settled


def _reason_to_skip(reader: ReaderRow | None, taken: set[int]) -> str:
    if reader is None:
        return "erased"
    if reader.withdrawn or not reader.address:
        return reader.withdrawn or "erased"
    return "duplicate" if results.short_hash(reader.address_hash) in taken else ""


def _commit(held: Held, upto: int, settled: Sequence[ResultRow], *, now: datetime) -> bool:
    """Move the batch's intent, if the fence still holds."""
    counts = Counter(row.outcome for row in settled)
    moved = Batch.objects.filter(
        pk=held.batch_id, fence=held.fence, state=Batch.State.CLAIMED
    ).update(intent_upto=upto, lease_until=lease_end(now), **_increments(counts))
    if moved:
        results.write(held.batch_id, settled)
    return bool(moved)


def take_back_unsent(held: Held, groups: Sequence[InFlight]) -> None:
    """Take the copies at the end of what was intended, none of which left, out of their groups.

    `record` then moves the batch's intent back behind them: with the provider away nobody's attempt
    is burned and no row is written. A copy that was not sent in the midst of others that were is
    deferred instead, because positions have no holes.
    """
    for group in sorted(groups, key=lambda each: each.first, reverse=True):
        if group.held is not held or group.upto != held.intent_upto:
            continue
        while group.copies and _unsent(group.copies[-1]):
            held.intent_upto = group.upto = group.copies.pop().position
        if group.copies or group.upto > group.first:
            return


def _unsent(copy: Copy) -> bool:
    return copy.outcome is None and not copy.started


def record(groups: Sequence[InFlight], journal: Journal, *, now: datetime) -> None:
    """Write the results of answered groups when no intent follows to carry them."""
    if not groups:
        return
    with transaction.atomic():
        record_in(groups, now=now)
    _release_slots(groups, journal)


def record_in(groups: Sequence[InFlight], *, now: datetime) -> None:
    """Write the results of answered groups inside the caller's transaction."""
    for group in groups:
        counts = results.write(group.held.batch_id, _result_rows(group, now=now))
        # The rows may always be written; only the fence's owner may move the batch's progress.
        Batch.objects.filter(pk=group.held.batch_id).update(**_increments(counts))
        _move_done(group, now=now)


def _result_rows(group: InFlight, *, now: datetime) -> list[ResultRow]:
    return [
        _row(
            group.dispatch_id,
            copy.subscriber_id,
            *_verdict(copy),
            now=now,
            address=copy.address_hash,
            reference=copy.reference,
        )
        for copy in group.copies
    ]


def _verdict(copy: Copy) -> tuple[int, str | None]:
    """Return the outcome and the code of a copy that came back from its session."""
    if copy.outcome is not None:
        return copy.outcome, copy.code
    if copy.started:
        return UNKNOWN, copy.code or "no answer"
    return DEFERRED, copy.code or "not sent in time"


def _move_done(group: InFlight, *, now: datetime) -> None:
    """Move `done_upto` over this group; groups of a batch are answered in any order."""
    held = group.held
    held.finished.add((group.first, group.upto))
    while (step := next((each for each in held.finished if each[0] == held.done_upto), None)):
        held.finished.remove(step)
        held.done_upto = step[1]
    over = held.done_upto >= held.size
    Batch.objects.filter(pk=held.batch_id, fence=held.fence).update(
        done_upto=Greatest(F("done_upto"), Value(held.done_upto)),
        intent_upto=held.intent_upto,
        **({"state": Batch.State.DONE, "lease_until": None} if over else {}),
    )


def _row(
    dispatch_id: int,
    subscriber_id: int,
    outcome: int,
    code: str | None,
    *,
    now: datetime,
    address: int | None = None,
    reference: str | None = None,
) -> ResultRow:
    # An attempt that never reached the wire is not counted against the reader.
    attempts = 0 if outcome in {SKIPPED, QUARANTINED} else 1
    return ResultRow(
        dispatch_id=dispatch_id,
        subscriber_id=subscriber_id,
        address=address,
        at=now,
        outcome=outcome,
        attempts=attempts,
        code=None if outcome == ACCEPTED else (code or "")[:120],
        next_at=next_attempt(1, now=now, first_at=now) if outcome == DEFERRED else None,
        reference=reference,
    )


def _increments(counts: Counter[int]) -> dict[str, object]:
    return {COUNTERS[outcome]: F(COUNTERS[outcome]) + n for outcome, n in counts.items()}


def _release_slots(groups: Sequence[InFlight], journal: Journal) -> None:
    for group in groups:
        journal.end(group.slot)
