"""The point of no return: one transaction commits a group's intent and the results before it.

An intent looks once more, under a lock, at every reader it is about to write to. Whoever withdrew
before its commit is skipped; whoever withdraws later was already being written to.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from briefing.dispatch import results
from briefing.dispatch.claims import Held, lease_end
from briefing.dispatch.copies import BadReaderError, CopyMaker
from briefing.dispatch.groups import Answered, InFlight, record, record_in
from briefing.dispatch.journal import Journal
from briefing.dispatch.outcome import QUARANTINED, SKIPPED
from briefing.dispatch.sql import dialect, progress
from briefing.dispatch.sql.rows import ReaderRow, ResultRow
from briefing.dispatch.states import SENDING
from briefing.models import Delivery, Dispatch
from briefing.transports.base import Copy, Group

# Left at the end of a lease for the last answer's row to be written: of short ones, a tenth.
_MARGIN_SECONDS = 2.0
# So many copies are built in the time in which a server takes a few.
_COPIES_A_TURN = 10


@dataclass(frozen=True, slots=True)
class Stopped:
    """No intent was committed. `lost` says that the batch is somebody else's by now."""

    reason: str
    lost: bool = False


def deadline(started: float) -> float:
    """Return until when, on the monotonic clock, a copy may be started after an intent."""
    margin = min(_MARGIN_SECONDS, settings.LEASE_SECONDS / 10)
    return started + settings.LEASE_SECONDS - settings.EMAIL_TIMEOUT - margin


@dataclass(frozen=True, slots=True)
class Step:
    """One turn of the drain: the groups answered since the last, recorded with the next intent.

    `meanwhile` is called between statements and copies: the group before is on its way all the while.
    `begun` is `now` on the monotonic clock, or sooner: what is intended is sent within a lease of it.
    """

    dispatch: Dispatch
    journal: Journal
    answered: Sequence[Answered]
    now: datetime
    begun: float
    meanwhile: Callable[[], None] = lambda: None


def intend(step: Step, held: Held, maker: CopyMaker, *, size: int) -> InFlight | Stopped:
    """Commit the intent for the next `size` readers of a held batch."""
    try:
        return _intend(step, held, maker, size=size)
    except IntegrityError:
        # A row stands where an answer belongs: a lease was over, or two readers share an address. To be
        # ready for it every time, by a savepoint, would cost as much as three of the statements.
        record(step.answered, step.journal, now=step.now)
        return _intend(replace(step, answered=()), held, maker, size=size)


def _intend(step: Step, held: Held, maker: CopyMaker, *, size: int) -> InFlight | Stopped:
    first, upto = held.intent_upto, min(held.size, held.intent_upto + size)
    until = deadline(step.begun)
    with transaction.atomic():
        record_in(step.answered, now=step.now)
        step.meanwhile()
        stopped = _refusal(step.dispatch)
        if stopped is None:
            of = {"batch_id": held.batch_id, "fence": held.fence}
            slot = step.journal.begin(**of, first=first, count=upto - first, deadline=until)
            copies, settled = Preparing(step, held, maker, slot).prepare(range(first, upto))
            step.meanwhile()
            if not _commit(held, upto, settled, now=step.now):
                step.journal.end(slot)
                stopped = Stopped("fence", lost=True)
    for group in step.answered:
        step.journal.end(group.slot)
    if stopped:
        return stopped
    held.intent_upto = upto
    return InFlight(held, step.dispatch.pk, first, upto, slot, Group(copies, until))


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
        self.step.meanwhile()
        taken = self._duplicates(readers.values())
        before = self._settled_before(ids)
        copies: list[Copy] = []
        settled: list[ResultRow] = []
        for index, position in enumerate(positions):
            if index % _COPIES_A_TURN == 0:
                self.step.meanwhile()
            if ids[index] in before:
                continue
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

    def _duplicates(self, readers: Iterable[ReaderRow]) -> set[int]:
        """Return the readers whose address has a copy of this dispatch already, whoever had it."""
        dispatch_id = self.step.dispatch.pk
        keys = {
            results.copy_key(dispatch_id, row.address_hash): row.subscriber_id
            for row in readers
            if row.address
        }
        holders = dialect().holders(list(keys))
        return {keys[key] for key, holder in holders.items() if holder == dispatch_id}

    def _settled_before(self, ids: Sequence[int]) -> set[int]:
        """Return who has a row already: skipped by an intent that was taken back, for one."""
        if not self.held.again:
            return set()
        rows = Delivery.objects.filter(dispatch_id=self.step.dispatch.pk, subscriber_id__in=ids)
        return set(rows.values_list("subscriber_id", flat=True))

    def _splice(self, reader: ReaderRow, index: int, position: int) -> Copy:
        """Build one copy, with the journal knowing whose: its data may be what kills us."""
        journal = self.step.journal
        mark = journal.splicing(self.slot, index)
        try:
            copy = self.maker.make(reader, position=position)
        finally:
            journal.spliced(mark)
        copy.mark = mark
        return copy

    def _row(self, reader_id: int, verdict: results.Verdict) -> ResultRow:
        return results.row(self.step.dispatch.pk, reader_id, verdict, now=self.step.now)


def reason_to_skip(reader: ReaderRow | None, taken: set[int]) -> str:
    """Return why a planned reader is not written to, seen at the intent, or nothing.

    `taken` has the readers whose address has its copy already.
    """
    if reader is None:
        return "erased"
    if reader.withdrawn or not reader.address:
        return reader.withdrawn or "erased"
    return "duplicate" if reader.subscriber_id in taken else ""


def _commit(held: Held, upto: int, settled: Sequence[ResultRow], *, now: datetime) -> bool:
    """Move the batch's intent, if the fence still holds."""
    moved = progress.commit_intent(
        held.batch_id,
        held.fence,
        upto=upto,
        lease_until=lease_end(now),
        counts=Counter(row.outcome for row in settled),
    )
    if moved:
        results.write(settled)
    return moved
