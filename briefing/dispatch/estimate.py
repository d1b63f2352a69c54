"""When a dispatch will probably be over: a range, or nothing while nobody could know. Pure.

Before it: numbers of the whole and of each lane. After it: words at the desk.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# A pace that was measured for less than this, or by fewer readers, says nothing yet.
_LEAST_SECONDS = 10.0
_LEAST_SETTLED = 100
# Things go slower than expected more often, and by more, than they go faster.
_FASTER, _SLOWER = 0.8, 1.5


@dataclass(frozen=True, slots=True)
class Pace:
    """How many readers were settled in so many seconds, and how many are open."""

    settled: int
    open: int
    seconds: float

    @property
    def seconds_left(self) -> float | None:
        """What is left at the same pace; None when nothing has moved."""
        if not self.open:
            return 0.0
        return self.open * self.seconds / self.settled if self.settled > 0 else None


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """The least and the most seconds that it will probably take."""

    least: float
    most: float


def time_left(whole: Pace, lanes: Sequence[Pace]) -> TimeLeft | None:
    """Return the range in which it will probably end, or None while that is not known.

    Lanes go beside each other: the slowest of them ends it, and one that stands still has no end.
    """
    if whole.seconds < _LEAST_SECONDS or whole.settled < min(_LEAST_SETTLED, whole.open):
        return None
    each = [lane.seconds_left for lane in lanes]
    left = whole.seconds_left
    if left is None or any(seconds is None for seconds in each):
        return None
    longest = max([left, *(seconds for seconds in each if seconds is not None)])
    return TimeLeft(least=left * _FASTER, most=longest * _SLOWER)
