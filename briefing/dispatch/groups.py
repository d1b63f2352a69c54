"""Groups past the point of no return: what is written when they come back.

Before it: an intent. After it: rows, and the batch's progress.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db import transaction
from django.db.models import F
from django.db.models.expressions import Combinable

from briefing.dispatch import questions, results
from briefing.dispatch.claims import Held
from briefing.dispatch.journal import Journal
from briefing.dispatch.outcome import ACCEPTED, COUNTERS, DEFERRED, UNKNOWN
from briefing.dispatch.sql import progress
from briefing.dispatch.sql.rows import ResultRow
from briefing.transports.base import Copy, Group

# With so many claims of one batch in vain the provider may be up, and one reader be the trouble.
_PATIENT_CLAIMS = 6


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
    write: Callable[[Sequence[ResultRow]], Counter[int]] = results.insert

    @property
    def copies(self) -> list[Copy]:
        """The copies to be handed over; skipped readers have their row already."""
        return self.wire.copies

    def record(self, *, now: datetime) -> None:
        """Write the rows and move the batch's progress.

        The rows may always be written; only the fence's owner may move the progress.

        Raises: IntegrityError where a row stands already, unless it is recorded `carefully`.
        """
        held = self.held
        rows = [_result(self.dispatch_id, copy, now=now) for copy in self.copies]
        counts = self.write(rows)
        questions.note_unanswered(self.dispatch_id, held.variant_id, self.copies, now=now)
        held.finish(self.first, self.upto)
        progress.record(
            held.batch_id,
            held.fence,
            done_upto=held.done_upto,
            intent_upto=held.intent_upto,
            counts=counts,
        )


def batches_of(groups: Sequence[Answered]) -> list[Held]:
    """Return the batches that groups are of, each once."""
    by_id = {group.held.batch_id: group.held for group in groups if isinstance(group, InFlight)}
    return list(by_id.values())


def take_back_unsent(held: Held, groups: Sequence[Answered]) -> bool:
    """Take the copies at the end of what was intended, none of which left, out of their groups.

    Recording then moves the batch's intent back behind them: with the provider away nobody's
    attempt is burned and no row is written. Returns whether there were any.

    A copy that was not sent in the midst of others that were is deferred instead, because positions
    have no holes. So is the first one of a batch that many claims brought no further: a reader over
    whom the server hangs must not stop all others.
    """
    own = [group for group in groups if isinstance(group, InFlight) and group.held is held]
    intended = held.intent_upto
    for group in sorted(own, key=lambda each: each.first, reverse=True):
        if group.upto != held.intent_upto:
            break
        stuck = held.claims > _PATIENT_CLAIMS and group.first == held.began_at
        while len(group.copies) > stuck and _never_left(group.copies[-1]):
            held.intent_upto = group.upto = group.copies.pop().position
    return held.intent_upto < intended


def record(groups: Sequence[Answered], journal: Journal, *, now: datetime) -> None:
    """Write the results of answered groups when no intent follows to carry them."""
    if not groups:
        return
    with transaction.atomic():
        record_in(carefully(groups), now=now)
    for group in groups:
        journal.end(group.slot)


def carefully(groups: Sequence[Answered]) -> Sequence[Answered]:
    """Have rows that stand where answers of these groups belong met one by one."""
    for group in groups:
        if isinstance(group, InFlight):
            group.write = results.write
    return groups


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
    if copy.outcome == ACCEPTED:
        # Nearly all of them: no words, no next time.
        return ResultRow(
            dispatch_id,
            copy.subscriber_id,
            copy.address_hash,
            now,
            ACCEPTED,
            1,
            None,
            None,
            copy.reference,
        )
    outcome, code = verdict(copy)
    told = results.Verdict(
        outcome=outcome,
        code=code,
        attempts=0 if _never_left(copy) else 1,
        address=copy.address_hash,
        reference=copy.reference,
    )
    return results.row(dispatch_id, copy.subscriber_id, told, now=now)


def increments(counts: Counter[int]) -> dict[str, Combinable]:
    """Return the update that adds to a batch's counters."""
    return {COUNTERS[outcome]: F(COUNTERS[outcome]) + n for outcome, n in counts.items()}
