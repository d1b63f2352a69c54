"""What an answer means for a delivery: the outcomes, and when a deferred one is tried again. Pure."""

import random
from datetime import datetime, timedelta

# The numbers stand in the database: they are never reused for another meaning.
ACCEPTED = 1
DEFERRED = 2
REJECTED = 3
SKIPPED = 4
UNKNOWN = 5
QUARANTINED = 6
CANCELLED = 7

# Outcomes after which nothing more happens by itself.
FINAL = frozenset({ACCEPTED, REJECTED, SKIPPED, UNKNOWN, QUARANTINED, CANCELLED})
# The counter of a batch that each outcome moves.
COUNTERS = {
    ACCEPTED: "accepted",
    DEFERRED: "deferred",
    REJECTED: "rejected",
    SKIPPED: "skipped",
    UNKNOWN: "unknown",
    QUARANTINED: "quarantined",
    CANCELLED: "cancelled",
}

_WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=60),
    timedelta(minutes=240),
)
GIVE_UP_AFTER = timedelta(hours=24)


def next_attempt(attempts: int, *, now: datetime, first_at: datetime) -> datetime | None:
    """Return when to try a deferred delivery again after `attempts`, or None to give up.

    A tenth of jitter keeps a thousand readers of one slow domain from coming back in one second.
    """
    wait = _WAITS[min(attempts, len(_WAITS)) - 1]
    at = now + wait * random.uniform(1.0, 1.1)  # noqa: S311  spreads load, guards nothing
    return at if at - first_at <= GIVE_UP_AFTER else None
