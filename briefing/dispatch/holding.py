"""The great switch, and the guards that throw it: a restored copy must not send by itself.

A database that was asleep for long, or that is older than a file beside it says, may be a backup
brought back: what it believes is still to be sent may have been sent. Then everything holds until a
person decides. The same switch stops all outgoing mail by hand.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from briefing.dispatch.states import SENDING
from briefing.models import Batch, Dispatch, Fence

# A copy whose database gave no sign of life for so long may be another copy.
SILENCE = timedelta(minutes=30)
# A wave that is later than this has missed its hour.
LATENESS = timedelta(minutes=60)


def held() -> str:
    """Return why all outgoing mail is held, or nothing."""
    return Fence.objects.filter(pk=1).values_list("held", flat=True).first() or ""


def hold(reason: str, *, now: datetime) -> None:
    """Stop all outgoing mail: takes effect at the next intent and the next single mail."""
    Fence.objects.get_or_create(pk=1)
    Fence.objects.filter(pk=1, held="").update(held=reason[:200], held_at=now)
    Dispatch.objects.filter(state__in=SENDING).update(
        state=Dispatch.State.HOLDING, reason=reason[:200]
    )


def let_go() -> None:
    """Let mail leave again, as a person decided. Held dispatches wait for their own decision."""
    high = Fence.objects.filter(pk=1).values_list("number", flat=True).first() or 0
    _write_mark(max(high, _read_mark()))
    Fence.objects.filter(pk=1).update(held="", held_at=None, number=max(high, _read_mark()))


def beat(*, now: datetime) -> str:
    """Check the guards, then give a sign of life; returns why everything was held, or nothing.

    Called by the sweep, before anything else is done.
    """
    Fence.objects.get_or_create(pk=1)
    fence = Fence.objects.get(pk=1)
    reason = _suspicion(fence, now=now)
    if reason:
        hold(reason, now=now)
    else:
        _write_mark(fence.number)
        _hold_late(now=now)
    Fence.objects.filter(pk=1).update(heartbeat_at=now)
    return reason


def _suspicion(fence: Fence, *, now: datetime) -> str:
    if fence.held:
        return ""
    if fence.number < _read_mark():
        return "this database is older than its last run: a backup was restored"
    busy = Dispatch.objects.filter(state__in=SENDING).exists()
    if busy and fence.heartbeat_at and now - fence.heartbeat_at > SILENCE:
        minutes = int((now - fence.heartbeat_at).total_seconds() // 60)
        return f"no sign of life for {minutes} minutes in the midst of a dispatch"
    return ""


def _hold_late(*, now: datetime) -> None:
    """Hold a dispatch with a wave that is much too late and of which nothing was sent yet."""
    late = Batch.objects.filter(
        state=Batch.State.PENDING,
        wave__gt=0,
        claims=0,
        not_before__lt=now - LATENESS,
        dispatch__state__in=SENDING,
    )
    for dispatch_id in late.values_list("dispatch_id", flat=True).distinct():
        Dispatch.objects.filter(pk=dispatch_id, state__in=SENDING).update(
            state=Dispatch.State.HOLDING, reason="a wave is more than an hour late"
        )


def _mark_file() -> Path:
    return Path(settings.LOCAL_DIR) / "fence.mark"


def _read_mark() -> int:
    """Return the highest fence that this copy ever saw, kept outside the database."""
    try:
        return int(_mark_file().read_text("ascii"))
    except (OSError, ValueError):
        return 0


def _write_mark(number: int) -> None:
    """Replace the file whole: a torn one would read as zero and forget what it guards."""
    draft = _mark_file().with_suffix(f".{os.getpid()}")
    draft.write_text(str(number), "ascii")
    draft.replace(_mark_file())
