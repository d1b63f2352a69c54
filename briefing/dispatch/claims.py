"""Claiming a batch: one conditional UPDATE decides between workers, a fence outlives the claim.

Before it: the planner's pending batches. After it: the sender's intents, each of which carries the
fence, so that a worker that slept past its lease cannot move what another one holds by now.
"""

from array import array
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q

from briefing.dispatch import highwater, holding, recovery
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
            batch = _take(candidate, fence=fence, now=now)
            if batch is None:
                # Another worker was faster; there may be more.
                continue
            if batch.claims > 1 and batch.lease_until is not None:
                recovery.recover(batch, fence=fence, now=now)
        # Behind the commit: the mark outside the database never knows more than the database.
        highwater.raise_to(fence, now)
        if batch.intent_upto < batch.size:
            return _held(batch, fence=fence)
        # All of it had been in flight: recovery has ended it.


def next_fence(*, now: datetime) -> int:
    """Draw the next fence: every claim's is higher than all before it."""
    drawn, number = Fence.objects.filter(pk=1), F("number") + 1
    if not drawn.update(number=number, heartbeat_at=holding.alive(now)):
        # The first claim of a copy's life.
        Fence.objects.get_or_create(pk=1)
        drawn.update(number=number, heartbeat_at=holding.alive(now))
    return drawn.values_list("number", flat=True).get()


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


def _due(now: datetime) -> Q:
    return Q(state=Batch.State.PENDING, not_before__lte=now) | Q(
        state=Batch.State.CLAIMED, lease_until__lt=now
    )


def _candidate(dispatch_id: int, *, now: datetime) -> int | None:
    """Choose a batch to try for. Choosing claims nothing: the conditional UPDATE does."""
    due = Batch.objects.filter(_due(now), dispatch_id=dispatch_id).order_by("not_before", "id")
    if connection.vendor != "postgresql":
        return due.values_list("pk", flat=True).first()
    with transaction.atomic():
        return due.select_for_update(skip_locked=True).values_list("pk", flat=True).first()


def _take(batch_id: int, *, fence: int, now: datetime) -> Batch | None:
    """Claim the batch if it is still due; return it as it was, with its new number of claims."""
    before = Batch.objects.select_for_update().get(pk=batch_id)
    taken = Batch.objects.filter(_due(now), pk=batch_id).update(
        state=Batch.State.CLAIMED,
        fence=fence,
        lease_until=lease_end(now),
        claims=F("claims") + 1,
    )
    if not taken:
        return None
    before.claims += 1
    return before


def _held(batch: Batch, *, fence: int) -> Held:
    readers = array("q")
    readers.frombytes(bytes(batch.readers))
    return Held(
        batch_id=batch.pk,
        variant_id=batch.variant_id,
        lane=batch.lane,
        readers=readers,
        fence=fence,
        intent_upto=batch.intent_upto,
        done_upto=batch.intent_upto,
        cautious=batch.deaths >= CAUTIOUS_AFTER_DEATHS,
        claims=batch.claims,
        began_at=batch.intent_upto,
    )
