"""How far a dispatch is, from counters that are kept and never counted anew."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q, Sum

from briefing.dispatch.outcome import COUNTERS
from briefing.dispatch.sampling import REST
from briefing.dispatch.states import LET_GO
from briefing.models import Batch, Dispatch, DispatchCount, Trial


@dataclass(frozen=True, slots=True)
class Progress:
    """A dispatch in numbers. Once planned: planned = the sum of `by_outcome` + open."""

    state: str
    planned_completely: bool
    candidates: int
    planned: int
    again: int
    excluded: dict[str, int]
    by_outcome: dict[str, int]
    open_batches: int
    started_at: datetime | None
    finished_at: datetime | None
    # Where the pace is measured from: first readers, for whom the others waited, come before.
    pace_from: datetime | None = None
    settled_before: int = 0
    # When the last of those who get it at their own hour do, as far as they wait.
    last_hour: datetime | None = None

    @property
    def settled(self) -> int:
        """Readers with a row, deferred ones among them."""
        return sum(self.by_outcome.values())

    @property
    def open(self) -> int:
        """Readers who are planned and have no row yet."""
        return self.planned - self.settled

    @property
    def over(self) -> bool:
        """Whether every planned reader has a row and nobody is waiting for another attempt."""
        return self.planned_completely and not self.open and not self.by_outcome["deferred"]

    def rate(self, *, now: datetime) -> float:
        """Return messages per second since the start, or since the others of a trial were let go."""
        begin = self.pace_from or self.started_at
        if begin is None:
            return 0.0
        seconds = ((self.finished_at or now) - begin).total_seconds()
        return max(self.settled - self.settled_before, 0) / seconds if seconds > 0 else 0.0


def measure(dispatch_id: int) -> Progress:
    """Read a dispatch's progress: its own row, its count's row, and one sum over its batches."""
    dispatch = Dispatch.objects.select_related("trial").get(pk=dispatch_id)
    trial: Trial | None = getattr(dispatch, "trial", None)
    let_go = trial is not None and trial.state in LET_GO
    count = DispatchCount.objects.get(pk=dispatch_id)
    sums = Batch.objects.filter(dispatch_id=dispatch_id).aggregate(
        open_batches=Count("pk", filter=~Q(state=Batch.State.DONE)),
        last_hour=Max("not_before", filter=Q(state=Batch.State.PENDING, wave__gt=REST)),
        **{name: Sum(name, default=0) for name in COUNTERS.values()},
    )
    open_batches, last_hour = sums.pop("open_batches"), sums.pop("last_hour")
    by_outcome = {name: total + count.adjusted.get(name, 0) for name, total in sums.items()}
    return Progress(
        state=dispatch.state,
        planned_completely=dispatch.planned_at is not None,
        candidates=count.candidates,
        planned=count.planned,
        again=count.again,
        excluded=dict(count.excluded),
        by_outcome=by_outcome,
        open_batches=open_batches,
        started_at=dispatch.started_at,
        finished_at=dispatch.finished_at,
        pace_from=trial.decided_at if trial and let_go else None,
        settled_before=trial.figures["readers"] if trial and let_go else 0,
        last_hour=last_hour,
    )
