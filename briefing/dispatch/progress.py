"""How far a dispatch is, from counters that are kept and never counted anew."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, Sum

from briefing.dispatch.outcome import COUNTERS
from briefing.models import Batch, Dispatch, DispatchCount


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
        """Return messages per second since the start."""
        if self.started_at is None:
            return 0.0
        seconds = ((self.finished_at or now) - self.started_at).total_seconds()
        return self.settled / seconds if seconds > 0 else 0.0

    def seconds_left(self, *, now: datetime) -> float | None:
        """Return an estimate of the time left, or None when there is nothing to estimate from."""
        rate = self.rate(now=now)
        return self.open / rate if rate > 0 and self.planned_completely else None


def measure(dispatch_id: int) -> Progress:
    """Read a dispatch's progress: its own row, its count's row, and one sum over its batches."""
    dispatch = Dispatch.objects.get(pk=dispatch_id)
    count = DispatchCount.objects.get(pk=dispatch_id)
    sums = Batch.objects.filter(dispatch_id=dispatch_id).aggregate(
        open_batches=Count("pk", filter=~Q(state=Batch.State.DONE)),
        **{name: Sum(name, default=0) for name in COUNTERS.values()},
    )
    open_batches = sums.pop("open_batches")
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
    )
