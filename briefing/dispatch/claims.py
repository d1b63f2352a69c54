"""Claiming a batch: one conditional UPDATE decides between workers, a fence outlives the claim.

Before it: the planner's pending batches. After it: the sender's intents, each of which carries the
fence, so that a worker that slept past its lease cannot move what another one holds by now.
"""

from array import array
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from briefing.dispatch import highwater, recovery
from briefing.dispatch.sql import claiming
from briefing.dispatch.sql.claiming import Taken
from briefing.models import Batch, Fence

# After two deaths on one batch its positions are tried one by one.
CAUTIOUS_AFTER_DEATHS = 2


@dataclass(slots=True)
class Held:
    """A batch as its holder sees it. Positions below `intent_upto` are past the point of no return."""

    batch_id: int
    variant_id: int
    lane: str
    readers: "array[int]"
    fence: int
    intent_upto: int
    done_upto: int
    cautious: bool
    claims: int
    # Where this claim began.
    began_at: int
    # Groups answered before an earlier one of the same batch was.
    finished: dict[int, int] = field(default_factory=dict)

    @property
    def again(self) -> bool:
        """Whether it was held before: then some may be settled by an intent that was taken back."""
        return self.claims > 1

    @property
    def size(self) -> int:
        """How many readers the batch has."""
        return len(self.readers)

    def finish(self, first: int, upto: int) -> None:
        """Move `done_upto` over a group; groups of a batch are answered in any order."""
        self.finished[first] = upto
        while self.done_upto in self.finished:
            self.done_upto = self.finished.pop(self.done_upto)


def claim(dispatch_id: int, *, now: datetime) -> Held | None:
    """Take the next due batch of a dispatch, or one whose holder's lease is over.

    A batch that was in flight is recovered first, in the same transaction.
    """
    while True:
        candidate = _candidate(dispatch_id, now=now)
        if candidate is None:
            return None
        with transaction.atomic():
            fence = next_fence(now=now)
            taken = claiming.take(candidate, fence=fence, lease_until=lease_end(now), now=now)
            if taken is None:
                # Another worker was faster; there may be more.
                continue
            if taken.claims > 1 and taken.was_held:
                taken = _recovered(candidate, taken, fence=fence, now=now)
        # Behind the commit: the mark outside the database never knows more than the database.
        highwater.raise_to(fence, now)
        held = _held(candidate, taken, fence=fence)
        if held.intent_upto < held.size:
            return held
        # All of it had been in flight: recovery has ended it.


def next_fence(*, now: datetime) -> int:
    """Draw the next fence: every claim's is higher than all before it."""
    drawn = claiming.next_fence(now=now)
    while drawn is None:
        # The first claim of a copy's life.
        Fence.objects.get_or_create(pk=1)
        drawn = claiming.next_fence(now=now)
    return drawn


def last_fence() -> int:
    """Return the fence of the latest claim of all: of two looks at it the later one sees no less."""
    return Fence.objects.filter(pk=1).values_list("number", flat=True).first() or 0


def lease_end(now: datetime) -> datetime:
    """Return until when a claim or an intent made now holds the batch."""
    return now + timedelta(seconds=settings.LEASE_SECONDS)


def release(held: Held, *, not_before: datetime) -> None:
    """Give a batch back with nothing of it in flight, unless somebody else holds it by now.

    An intent whose commit was not answered for, because the database went away, is taken back.
    """
    Batch.objects.filter(pk=held.batch_id, fence=held.fence, state=Batch.State.CLAIMED).update(
        state=Batch.State.PENDING,
        lease_until=None,
        not_before=not_before,
        intent_upto=held.intent_upto,
    )


def _candidate(dispatch_id: int, *, now: datetime) -> int | None:
    """Choose a batch to try for. Choosing claims nothing: the conditional UPDATE does."""
    return claiming.choose(dispatch_id, now=now)


def _recovered(batch_id: int, taken: Taken, *, fence: int, now: datetime) -> Taken:
    """Settle what the last holder had in flight; return the batch as it is then."""
    batch = Batch.objects.get(pk=batch_id)
    # As the dead worker left it.
    batch.fence = taken.fence
    recovery.recover(batch, fence=fence, now=now)
    return taken._replace(intent_upto=batch.intent_upto, deaths=batch.deaths)


def _held(batch_id: int, taken: Taken, *, fence: int) -> Held:
    readers = array("q")
    readers.frombytes(taken.readers)
    return Held(
        batch_id=batch_id,
        variant_id=taken.variant_id,
        lane=taken.lane,
        readers=readers,
        fence=fence,
        intent_upto=taken.intent_upto,
        done_upto=taken.intent_upto,
        cautious=taken.deaths >= CAUTIOUS_AFTER_DEATHS,
        claims=taken.claims,
        began_at=taken.intent_upto,
    )
