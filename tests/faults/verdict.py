"""What a fault did: the rows of a dispatch held against the sink's log and against the promise."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from briefing.dispatch import invariants, questions
from briefing.dispatch.outcome import ACCEPTED, COUNTERS, DEFERRED, UNKNOWN
from briefing.models import Delivery, Dispatch, DispatchCount
from tests.faults import sinklog

# A copy that the sink took belongs to a reader of one of these outcomes, or to nobody we know of.
_MAY_HAVE_IT = (ACCEPTED, UNKNOWN)
# A server that said “later” is asked again after a minute; what never left goes at once.
_SOON = timedelta(seconds=30)


@dataclass(slots=True)
class Verdict:
    """The figures of one or more dispatches, and each promise that was broken, in words."""

    planned: int = 0
    lost: int = 0
    extra: int = 0
    to_unsubscribed: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    @property
    def unknown(self) -> int:
        """Deliveries of which only a person can say what became of them."""
        return self.outcomes["unknown"]

    def demand(self, holds: object, otherwise: str) -> None:
        """Note what is broken when something that has to hold does not."""
        if not holds:
            self.broken.append(otherwise)


def judge(dispatch: Dispatch, log: Path) -> Verdict:
    """Compare a dispatch with the log and run every invariant.

    I2 (accepted means taken), I3 and I4 (copies), I9 (one recipient, nobody else's data) need the
    log; the others are SQL. I10 has its own tests: it is about events, which no sink sends.
    """
    count = DispatchCount.objects.get(pk=dispatch.pk)
    rows = dict(Delivery.objects.filter(dispatch=dispatch).values_list("subscriber_id", "outcome"))
    taken = list(sinklog.read(log))
    copies = Counter(each.reader for each in taken)
    without_row = count.planned - len(rows)
    not_taken = [r for r, outcome in rows.items() if outcome == ACCEPTED and not copies[r]]
    not_ours = [r for r in copies if rows.get(r) not in _MAY_HAVE_IT]
    verdict = Verdict(
        planned=count.planned,
        lost=without_row + len(not_taken),
        extra=sum(number - 1 for number in copies.values()),
        outcomes=Counter(COUNTERS[outcome] for outcome in rows.values()),
    )
    verdict.demand(not verdict.lost, f"I2 lost {without_row} rows, {len(not_taken)} copies")
    verdict.demand(not not_ours, f"I2 taken for {len(not_ours)} readers whose rows say otherwise")
    verdict.demand(not verdict.extra, f"I4 {verdict.extra} copies too many")
    strange = sum(each.recipients != 1 or each.strangers > 0 for each in taken)
    verdict.demand(not strange, f"I9 {strange} messages with another reader's data")
    verdict.broken += [f"{each.invariant} {each.detail}" for each in invariants.violations()]
    return verdict


def is_settled(dispatch: Dispatch) -> bool:
    """Whether a dispatch is over, or nothing of it but a minute's wait for another attempt is left."""
    dispatch.refresh_from_db()
    if dispatch.state in {Dispatch.State.FINISHED, Dispatch.State.CANCELLED}:
        return True
    if dispatch.planned_at is None or dispatch.batches.exclude(state="done").exists():
        return False
    now, rows = timezone.now(), Delivery.objects.filter(dispatch=dispatch)
    soon = rows.filter(outcome=DEFERRED, next_at__lt=now + _SOON)
    leaving = rows.filter(outcome=UNKNOWN, next_at__gt=now)
    asked = questions.open_at(now).filter(dispatch=dispatch)
    return not soon.exists() and not leaving.exists() and not asked.exists()
