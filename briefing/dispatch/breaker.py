"""A breaker for each account: five failures in a row, or half of the last twenty, and it opens.

While it is open nothing is claimed for the account. When its time is over one group goes as a
probe; a success closes it, a failure opens it for twice as long, up to a quarter of an hour.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from briefing.models import Breaker

_IN_A_ROW = 5
_WINDOW = 20
_MASK = (1 << _WINDOW) - 1
_FIRST = timedelta(seconds=30)
_LONGEST = timedelta(minutes=15)
# How long a probe may take before another worker may try one.
_PROBE = timedelta(seconds=60)


def allows(account: str, *, now: datetime) -> bool:
    """Whether a drain may claim for the account; an open breaker whose time is over lets one in."""
    breaker = Breaker.objects.filter(account=account).first()
    if breaker is None or breaker.open_until is None:
        return True
    if breaker.open_until > now:
        return False
    # The probe is taken by moving the time on: only one worker's UPDATE finds the old value.
    return bool(
        Breaker.objects.filter(account=account, open_until=breaker.open_until).update(
            open_until=now + _PROBE
        )
    )


def is_open(account: str) -> bool:
    """Whether the account is shut off, a probe under way included."""
    return Breaker.objects.filter(account=account, open_until__isnull=False).exists()


def is_failing(account: str) -> bool:
    """Whether nothing of the account was answered since it failed last."""
    return Breaker.objects.filter(account=account, failures__gt=0).exists()


def is_troubled(account: str) -> bool:
    """Whether anything of the account's last twenty groups is still remembered."""
    return Breaker.objects.filter(account=account).exclude(recent=0).exists()


def give_turn_back(account: str, *, now: datetime) -> None:
    """Let the next one in at once, where whoever was let in had nothing to send."""
    Breaker.objects.filter(account=account, open_until__isnull=False).update(open_until=now)


def note_success(account: str) -> None:
    """Close the breaker, as a group was answered."""
    Breaker.objects.filter(account=account).update(
        failures=0,
        openings=0,
        open_until=None,
        reason="",
        recent=F("recent").bitleftshift(1).bitand(_MASK),
    )


@transaction.atomic
def note_failure(account: str, reason: str, *, now: datetime) -> bool:
    """Count a group that could not be handed over; return whether the breaker opened now.

    Of one that is open already it changes nothing: whoever was under way when it opened meets the
    same outage, and five of them would else shut the account off for a quarter of an hour.
    """
    breaker = _counted(account)
    opens = breaker.open_until is None and _is_too_much(breaker)
    if opens:
        _open(breaker, reason, now=now)
    breaker.save()
    return opens


@transaction.atomic
def note_failed_probe(account: str, reason: str, *, now: datetime) -> bool:
    """Count the failure of the one that was let in: twice as long until the next one is.

    Returns whether the breaker opened now, which another may have closed in the meantime.
    """
    breaker = _counted(account)
    was_open = breaker.open_until is not None
    if was_open or _is_too_much(breaker):
        _open(breaker, reason, now=now)
    breaker.save()
    return breaker.open_until is not None and not was_open


def _counted(account: str) -> Breaker:
    """Return the account's breaker, locked, with one failure more."""
    Breaker.objects.get_or_create(account=account)
    breaker = Breaker.objects.select_for_update().get(account=account)
    breaker.failures += 1
    breaker.recent = ((breaker.recent << 1) | 1) & _MASK
    return breaker


def _is_too_much(breaker: Breaker) -> bool:
    return breaker.failures >= _IN_A_ROW or breaker.recent.bit_count() * 2 >= _WINDOW


def _open(breaker: Breaker, reason: str, *, now: datetime) -> None:
    breaker.open_until = now + min(_LONGEST, _FIRST * 2**breaker.openings)
    breaker.openings = min(breaker.openings + 1, 10)
    breaker.reason = reason[:200]
