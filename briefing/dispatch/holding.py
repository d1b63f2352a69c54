"""The great switch, and the guards that throw it: a restored copy must not send by itself.

A database that was asleep for long, or that is older than a file beside it says, may be a backup
brought back: what it believes is still to be sent may have been sent. Then everything holds until a
person decides. The same switch stops all outgoing mail by hand.
"""

import time
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Greatest

from briefing.dispatch import alerts, highwater, notes, switching
from briefing.dispatch.states import SENDING
from briefing.masking import mask
from briefing.models import Alert, Batch, Dispatch, Fence
from subscribers import restoring, series

# A copy whose database gave no sign of life for so long may be another copy.
SILENCE = timedelta(minutes=30)
# A wave that is later than this has missed its hour.
LATENESS = timedelta(minutes=60)


def held() -> str:
    """Return why all outgoing mail is held, or nothing."""
    return Fence.objects.filter(pk=1).values_list("held", flat=True).first() or ""


def hold(reason: str, *, now: datetime) -> None:
    """Stop all outgoing mail: takes effect at the next intent and the next single mail."""
    # A dispatch keeps it, and an erasure would not look here for an address.
    reason = mask(reason)[:200]
    Fence.objects.get_or_create(pk=1)
    Fence.objects.filter(pk=1, held="").update(held=reason, held_at=now)
    sending = Dispatch.objects.filter(state__in=SENDING)
    with switching.in_turn(*sending.values_list("pk", flat=True)):
        sending.update(state=Dispatch.State.HOLDING, reason=reason)


def let_go(*, now: datetime) -> None:
    """Let mail leave again, as a person decided. Held dispatches wait for their own decision.

    First whoever left or was erased since a backup is taken out again: this may be that backup.
    """
    restoring.replay(now=now)
    Fence.objects.filter(pk=1).update(held="", held_at=None, heartbeat_at=alive(now))


def guard(*, now: datetime) -> str:
    """Return why nothing may leave, or nothing; holds everything when this looks like a restore.

    Called at the beginning of each sweep and each drain: a restored copy must not send even once.
    """
    # First the mark: read behind the database, it may know of a claim made in between.
    mark = highwater.read()
    fence, _made = Fence.objects.get_or_create(pk=1)
    if fence.held:
        return fence.held
    restored = _older_than(mark, fence)
    if restored:
        series.doubt(now=now)
    reason = restored or _silence(fence, now=now)
    if reason:
        hold(reason, now=now)
        text = f"Everything is held: {reason}. Look at the desk, then let it go or cancel."
        alerts.raise_alert(Alert.Kind.HELD, "all", text, now=now)
    return reason


def beat(*, now: datetime) -> str:
    """Guard, then give a sign of life; returns why nothing may leave, or nothing.

    Called by the sweep, before anything else is done.
    """
    reason = guard(now=now)
    Fence.objects.filter(pk=1).update(heartbeat_at=alive(now))
    if not reason:
        _hold_late(now=now)
        highwater.raise_to(Fence.objects.values_list("number", flat=True).get(pk=1), now)
    return reason


def alive(now: datetime) -> Combinable:
    """Return what a sign of life sets: the latest one, whichever worker's clock is ahead."""
    return Greatest(Coalesce(F("heartbeat_at"), now), now)


def _older_than(mark: highwater.Mark, fence: Fence) -> str:
    """Return what is wrong with a database that knows less than the file beside it."""
    alive_at = fence.heartbeat_at
    knows_all = mark.at is None or (alive_at is not None and alive_at >= mark.at)
    if fence.number >= mark.number and knows_all:
        return ""
    # No fence may be drawn twice, and no journal be believed that tells of the time since then.
    Fence.objects.filter(pk=1, number__lt=mark.number).update(number=mark.number)
    notes.clear_abandoned(older_than_seconds=0, now=time.time())
    return "this database is older than its last run: a backup was restored"


def _silence(fence: Fence, *, now: datetime) -> str:
    alive_at = fence.heartbeat_at
    if alive_at is None or now - alive_at <= SILENCE:
        return ""
    # One that began since the last sign of life was begun here, by a person who is waiting for it.
    if not Dispatch.objects.filter(state__in=SENDING, started_at__lt=alive_at).exists():
        return ""
    minutes = int((now - alive_at).total_seconds() // 60)
    return f"no sign of life for {minutes} minutes in the midst of a dispatch"


def _hold_late(*, now: datetime) -> None:
    """Hold a dispatch with a wave that is much too late and of which nothing was sent yet."""
    begun = Batch.objects.filter(dispatch=OuterRef("dispatch"), wave=OuterRef("wave"), claims__gt=0)
    late = Batch.objects.filter(
        state=Batch.State.PENDING,
        wave__gt=0,
        claims=0,
        not_before__lt=now - LATENESS,
        dispatch__state__in=SENDING,
    ).exclude(Exists(begun))
    for dispatch_id in late.values_list("dispatch_id", flat=True).distinct():
        Dispatch.objects.filter(pk=dispatch_id, state__in=SENDING).update(
            state=Dispatch.State.HOLDING, reason="a wave is more than an hour late"
        )
