"""How each domain's lane of a dispatch goes, from the counters of its batches and its bucket."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Sum

from briefing.dispatch import throttle
from briefing.dispatch.outcome import COUNTERS
from briefing.models import Batch, Bucket


@dataclass(frozen=True, slots=True)
class Lane:
    """One domain with a lane of its own; the rest share the lane without a name.

    `limit` is how many messages a second it may take now, where there is a limit; `is_slowed` says
    that the receiving servers asked for less.
    """

    domain: str
    planned: int
    settled: int
    accepted: int
    deferred: int
    rejected: int
    limit: float | None
    is_slowed: bool

    @property
    def open(self) -> int:
        """Readers who have no row yet."""
        return self.planned - self.settled


def measure(dispatch_id: int) -> list[Lane]:
    """Read a dispatch's lanes, the largest first and the shared one last. One sum, no rows counted.

    A retry's answer is counted for the whole dispatch only: a lane tells of first attempts.
    """
    # The columns are named by the table of outcomes, which no type can know.
    sums: Any = (
        Batch.objects.filter(dispatch_id=dispatch_id)
        .values("lane", "account")
        .annotate(planned=Sum("size"), **{f"n_{name}": Sum(name) for name in COUNTERS.values()})
        .order_by()
    )
    slowdowns = {
        (bucket.account, bucket.lane): bucket.slowdown
        for bucket in Bucket.objects.exclude(lane="").filter(slowdown__gt=1.0)
    }
    found = [
        Lane(
            domain=row["lane"],
            planned=row["planned"],
            settled=sum(row[f"n_{name}"] for name in COUNTERS.values()),
            accepted=row["n_accepted"],
            deferred=row["n_deferred"],
            rejected=row["n_rejected"],
            limit=_limit(row["account"], row["lane"], slowdowns),
            is_slowed=(row["account"], row["lane"]) in slowdowns,
        )
        for row in sums
    ]
    return sorted(found, key=lambda lane: (not lane.domain, -lane.planned))


def _limit(account: str, lane: str, slowdowns: dict[tuple[str, str], float]) -> float | None:
    """Return a lane's own limit. What has no name has none: its bucket is the whole account's."""
    if not lane:
        return None
    return throttle.current_rate(account, lane, slowdowns.get((account, lane), 1.0))
