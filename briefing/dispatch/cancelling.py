"""Writes down the rest of a dispatch that will not be sent: cancelled, or unknown after a restore."""

from collections import Counter
from datetime import datetime

from django.db import transaction

from briefing.dispatch import claims, results, trials
from briefing.dispatch.claims import Held
from briefing.dispatch.groups import increments
from briefing.dispatch.outcome import CANCELLED, DEFERRED, UNKNOWN
from briefing.models import Batch, Delivery


def settle(dispatch_id: int, *, now: datetime) -> int:
    """Give every reader of a cancelled dispatch who has no row a cancelled one; return how many.

    Batches are claimed as for sending, so one in another worker's hands is settled when that
    worker lets go of it. Safe to run twice, and by two workers at once.
    """
    return _settle(dispatch_id, CANCELLED, "dispatch cancelled", now=now)


def settle_as_unknown(dispatch_id: int, *, by: str, now: datetime) -> int:
    """After a restore: whatever this copy believes is still to be sent may have been sent already.

    Everybody without a row is listed as unknown, for a person to decide; return how many.
    """
    return _settle(dispatch_id, UNKNOWN, f"after a restore, said {by}"[:120], now=now)


def _settle(dispatch_id: int, outcome: int, code: str, *, now: datetime) -> int:
    # Nobody waits any more: for a trial's decision, or until a lane or an account may send again.
    trials.open_rest(dispatch_id, now=now)
    waiting = Batch.objects.filter(dispatch_id=dispatch_id, state=Batch.State.PENDING)
    waiting.filter(not_before__gt=now).update(not_before=now)
    settled = _deferred(dispatch_id, outcome, code)
    while held := claims.claim(dispatch_id, now=now):
        settled += _rest_of(dispatch_id, held, outcome, code, now=now)
    # A claim recovers what a lost worker had never started, and has that tried again.
    return settled + _deferred(dispatch_id, outcome, code)


@transaction.atomic
def _rest_of(dispatch_id: int, held: Held, outcome: int, code: str, *, now: datetime) -> int:
    batch = Batch.objects.filter(pk=held.batch_id)
    moved = batch.filter(fence=held.fence, state=Batch.State.CLAIMED).update(
        intent_upto=held.size, done_upto=held.size, state=Batch.State.DONE, lease_until=None
    )
    if not moved:
        return 0
    verdict = results.Verdict(outcome, code)
    readers = held.readers[held.intent_upto :]
    rows = [results.row(dispatch_id, each, verdict, now=now) for each in readers]
    # Some may have a row: skipped by an intent that was taken back when the provider went away.
    written = results.write(rows)
    batch.update(**increments(written))
    return written.total()


@transaction.atomic
def _deferred(dispatch_id: int, outcome: int, code: str) -> int:
    """Whoever was to be tried again is not."""
    stopped = Delivery.objects.filter(dispatch_id=dispatch_id, outcome=DEFERRED).update(
        outcome=outcome, code=code, next_at=None
    )
    results.adjust(dispatch_id, Counter({outcome: stopped}), taken={DEFERRED: stopped})
    return stopped
