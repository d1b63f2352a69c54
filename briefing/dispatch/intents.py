"""The point of no return: one transaction commits a group's intent and the results before it.

An intent looks once more, under a lock, at every reader it is about to write to. Whoever withdrew
before its commit is skipped; whoever withdraws later was already being written to.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import F, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Greatest

from briefing.dispatch import results
from briefing.dispatch.claims import Held, lease_end
from briefing.dispatch.copies import BadReaderError, CopyMaker
from briefing.dispatch.journal import Journal
from briefing.dispatch.outcome import COUNTERS, DEFERRED, QUARANTINED, SKIPPED, UNKNOWN
from briefing.dispatch.sql import dialect
from briefing.dispatch.sql.rows import ReaderRow, ResultRow
from briefing.dispatch.states import SENDING
from briefing.models import Batch, Dispatch
from briefing.transports.base import Copy, Group

# Left at the end of a lease for the last answer's row to be written.
_MARGIN_SECONDS = 2.0


class Answered(Protocol):
    """A group on its way or back from it: a batch's next positions, or deferred readers again."""

    wire: Group
    slot: int

    @property
    def copies(self) -> list[Copy]:
        """The copies that are or were handed over."""

    def record(self, *, now: datetime) -> None:
        """Write what became of the copies, inside the caller's transaction."""


@dataclass(slots=True)
class InFlight:
    """Positions `first` to `upto` (not included) of a batch, past the point of no return."""

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

    def record(self, *, now: datetime) -> None:
        """Insert the rows and move the batch's progress.

        The rows may always be written; only the fence's owner may move the progress.
        """
        rows = [_result(self.dispatch_id, copy, now=now) for copy in self.copies]
        counts = results.write(self.held.batch_id, rows)
        Batch.objects.filter(pk=self.held.batch_id).update(**increments(counts))
        _move_done(self)


@dataclass(frozen=True, slots=True)
class Stopped:
    """No intent was committed. `lost` says that the batch is somebody else's by now."""

    reason: str
    lost: bool = False


def deadline(started: float) -> float:
    """Return until when, on the monotonic clock, a copy may be started after an intent."""
    return started + settings.LEASE_SECONDS - settings.EMAIL_TIMEOUT - _MARGIN_SECONDS


@dataclass(frozen=True, slots=True)
class Step:
    """One turn of the drain: the groups answered since the last, recorded with the next intent."""

    dispatch: Dispatch
    journal: Journal
    answered: Sequence[Answered]
    now: datetime


def intend(step: Step, held: Held, maker: CopyMaker, *, size: int) -> InFlight | Stopped:
    """Commit the intent for the next `size` readers of a held batch."""
    first, upto = held.intent_upto, min(held.size, held.intent_upto + size)
    slot = step.journal.begin(
        batch_id=held.batch_id, fence=held.fence, first=first, count=upto - first
    )
    started = time.monotonic()
    copies: list[Copy] = []
    with transaction.atomic():
        record_in(step.answered, now=step.now)
        stopped = _refusal(step.dispatch)
        if stopped is None:
            copies, settled = Preparing(step, held, maker, slot).prepare(range(first, upto))
            kept = _commit(held, upto, settled, now=step.now)
            stopped = None if kept else Stopped("fence", lost=True)
    for group in step.answered:
        step.journal.end(group.slot)
    if stopped:
        step.journal.end(slot)
        return stopped
    held.intent_upto = upto
    return InFlight(held, step.dispatch.pk, first, upto, slot, Group(copies, deadline(started)))


def _refusal(dispatch: Dispatch) -> Stopped | None:
    state = dialect().dispatch_state(dispatch.pk)
    return None if state in SENDING else Stopped(state)


@dataclass(frozen=True, slots=True)
class Preparing:
    """Splices a group's copies and settles at once the readers that will not be handed over.

    Splicing stands before the commit on purpose: what cannot be built fails while nothing is owed.
    """

    step: Step
    held: Held
    maker: CopyMaker
    slot: int

    def prepare(self, positions: range) -> tuple[list[Copy], list[ResultRow]]:
        """Return the copies to hand over and the rows of the others."""
        ids = [self.held.readers[position] for position in positions]
        dispatch = self.step.dispatch
        readers = dialect().lock_readers(
            dispatch.issue.newsletter_id, ids, today=self.step.now.date()
        )
        taken = dialect().taken_addresses(
            dispatch.pk,
            [results.short_hash(row.address_hash) for row in readers.values() if row.address],
        )
        copies: list[Copy] = []
        settled: list[ResultRow] = []
        for index, position in enumerate(positions):
            reader = readers.get(ids[index])
            reason = reason_to_skip(reader, taken)
            if reader is None or reason:
                settled.append(self._row(ids[index], results.Verdict(SKIPPED, reason)))
                continue
            try:
                copies.append(self._splice(reader, index, position))
            except BadReaderError as error:
                settled.append(self._row(ids[index], results.Verdict(QUARANTINED, error.reason)))
        return copies, settled

    def _splice(self, reader: ReaderRow, index: int, position: int) -> Copy:
        """Build one copy, with the journal knowing whose: its data may be what kills us."""
        journal = self.step.journal
        journal.splicing(self.slot, index)
        try:
            copy = self.maker.make(reader, position=position)
        finally:
            journal.spliced(self.slot, index)
        copy.mark = journal.mark(self.slot, index)
        return copy

    def _row(self, reader_id: int, verdict: results.Verdict) -> ResultRow:
        return results.row(self.step.dispatch.pk, reader_id, verdict, now=self.step.now)


def reason_to_skip(reader: ReaderRow | None, taken: set[int]) -> str:
    """Return why a planned reader is not written to, seen at the intent, or nothing."""
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
    ).update(intent_upto=upto, lease_until=lease_end(now), **increments(counts))
    if moved:
        results.write(held.batch_id, settled)
    return bool(moved)


def take_back_unsent(held: Held, groups: Sequence[Answered]) -> None:
    """Take the copies at the end of what was intended, none of which left, out of their groups.

    Recording then moves the batch's intent back behind them: with the provider away nobody's
    attempt is burned and no row is written. A copy that was not sent in the midst of others that
    were is deferred instead, because positions have no holes.
    """
    own = [group for group in groups if isinstance(group, InFlight) and group.held is held]
    for group in sorted(own, key=lambda each: each.first, reverse=True):
        if group.upto != held.intent_upto:
            return
        while group.copies and _never_left(group.copies[-1]):
            held.intent_upto = group.upto = group.copies.pop().position


def record(groups: Sequence[Answered], journal: Journal, *, now: datetime) -> None:
    """Write the results of answered groups when no intent follows to carry them."""
    if not groups:
        return
    with transaction.atomic():
        record_in(groups, now=now)
    for group in groups:
        journal.end(group.slot)


def record_in(groups: Sequence[Answered], *, now: datetime) -> None:
    """Write the results of answered groups inside the caller's transaction."""
    for group in groups:
        group.record(now=now)


def verdict(copy: Copy) -> tuple[int, str | None]:
    """Return the outcome and the code of a copy that came back from its session."""
    if copy.outcome is not None:
        return copy.outcome, copy.code
    if _never_left(copy):
        return DEFERRED, copy.code or "not sent in time"
    return UNKNOWN, copy.code or "no answer"


def _never_left(copy: Copy) -> bool:
    return copy.outcome is None and not copy.started


def _result(dispatch_id: int, copy: Copy, *, now: datetime) -> ResultRow:
    outcome, code = verdict(copy)
    told = results.Verdict(
        outcome=outcome,
        code=code,
        attempts=0 if _never_left(copy) else 1,
        address=copy.address_hash,
        reference=copy.reference,
    )
    return results.row(dispatch_id, copy.subscriber_id, told, now=now)


def _move_done(group: InFlight) -> None:
    """Move `done_upto` over this group; groups of a batch are answered in any order."""
    held = group.held
    held.finished[group.first] = group.upto
    while held.done_upto in held.finished:
        held.done_upto = held.finished.pop(held.done_upto)
    over = held.done_upto >= held.size
    Batch.objects.filter(pk=held.batch_id, fence=held.fence).update(
        done_upto=Greatest(F("done_upto"), Value(held.done_upto)),
        intent_upto=held.intent_upto,
        **({"state": Batch.State.DONE, "lease_until": None} if over else {}),
    )


def increments(counts: Counter[int]) -> dict[str, Combinable]:
    """Return the update that adds to a batch's counters."""
    return {COUNTERS[outcome]: F(COUNTERS[outcome]) + n for outcome, n in counts.items()}
