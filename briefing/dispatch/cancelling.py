"""Writes down the rest of a cancelled dispatch: who was planned and will not be written to."""

from collections import Counter
from datetime import datetime

from django.db import transaction

from briefing.dispatch import claims, results, retries
from briefing.dispatch.claims import Held
from briefing.dispatch.intents import increments, unsent_row
from briefing.dispatch.outcome import CANCELLED, DEFERRED
from briefing.models import Batch, Delivery

_REASON = "dispatch cancelled"


def settle(dispatch_id: int, *, now: datetime) -> int:
    """Give every reader of a cancelled dispatch who has no row a cancelled one; return how many.

    Batches are claimed as for sending, so one in another worker's hands is settled when that
    worker lets go of it. Safe to run twice, and by two workers at once.
    """
    settled = _deferred(dispatch_id)
    while held := claims.claim(dispatch_id, now=now):
        settled += _rest_of(dispatch_id, held, now=now)
    return settled


@transaction.atomic
def _rest_of(dispatch_id: int, held: Held, *, now: datetime) -> int:
    readers = held.readers[held.intent_upto :]
    counts: Counter[int] = Counter({CANCELLED: len(readers)})
    moved = Batch.objects.filter(
        pk=held.batch_id, fence=held.fence, state=Batch.State.CLAIMED
    ).update(
        intent_upto=held.size,
        done_upto=held.size,
        state=Batch.State.DONE,
        lease_until=None,
        **increments(counts),
    )
    if not moved:
        return 0
    results.write(
        held.batch_id,
        [
            unsent_row(dispatch_id, reader, CANCELLED, code=_REASON, now=now)
            for reader in readers
        ],
    )
    return len(readers)


@transaction.atomic
def _deferred(dispatch_id: int) -> int:
    """Whoever was to be tried again is not."""
    stopped = Delivery.objects.filter(dispatch_id=dispatch_id, outcome=DEFERRED).update(
        outcome=CANCELLED, code=_REASON, next_at=None
    )
    if stopped:
        retries.adjust(dispatch_id, Counter({CANCELLED: stopped}), taken={DEFERRED: stopped})
    return stopped
