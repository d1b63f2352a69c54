"""Who is among the first readers of a dispatch, and which subject they get: by hash. Pure.

By hash and not by number: the lowest numbers are the oldest readers, who bounce more or less than
the others. The same reader of the same dispatch always falls on the same side.
"""

from dataclasses import dataclass
from hashlib import blake2b

from briefing.issues.subjects import A

# A batch's wave.
FIRST, REST = 0, 1

# With fewer readers the first ones would be most of them, or too few to tell anything.
FEWEST_READERS = 200
# One reader in a hundred, but enough to see two bounces in a hundred, and no more than are needed.
CANARY_SHARE, CANARY_LEAST, CANARY_MOST = 0.01, 50, 5_000
# Each of two subjects goes to one reader in ten: of fewer than a hundred hardly anybody clicks, and
# among twenty thousand even small differences show.
FEWEST_FOR_SUBJECTS = 1_000
SUBJECT_SHARE, SUBJECT_MOST = 0.1, 20_000


@dataclass(frozen=True, slots=True)
class Sample:
    """The first readers of a dispatch: a share of all of them for each arm."""

    dispatch_id: int
    share: float
    arms: tuple[str, ...] = (A,)

    def arm_of(self, reader: int) -> str | None:
        """Return which arm a reader is in; None for the rest."""
        at = int(_place(self.dispatch_id, reader) / self.share)
        return self.arms[at] if at < len(self.arms) else None


def canary_share(readers: int) -> float:
    """Return the share of so many readers that makes a canary of a good size."""
    wanted = min(max(readers * CANARY_SHARE, CANARY_LEAST), CANARY_MOST)
    return wanted / readers


def subject_share(readers: int) -> float:
    """Return the share of so many readers that each of two subjects goes to."""
    return min(readers * SUBJECT_SHARE, SUBJECT_MOST) / readers


def _place(dispatch_id: int, reader: int) -> float:
    """Return where a reader of a dispatch stands between 0 and 1, as if drawn by lot."""
    drawn = blake2b(b"%d %d" % (dispatch_id, reader), digest_size=4).digest()
    return int.from_bytes(drawn, "big") / 2**32
