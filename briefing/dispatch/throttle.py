"""How fast an account may send: a limit for the whole, one for each lane, a slowdown of either.

The limits live in the database and nowhere else (docs/decisions/0005): all hosts share them, and
there is no broker whose loss could stop or unleash a dispatch. An account without limits pays one
statement a group: another host may have been told to wait.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Greatest

from briefing.dispatch import warming
from briefing.dispatch.sql import limits
from briefing.models import Bucket

# How far a bucket may run ahead: one second's worth leaves at once.
_BURST = timedelta(seconds=1)
# A lane or an account without a limit of its own is slowed from this many messages a second.
_ASSUMED_RATE = 200.0
_MAX_SLOWDOWN = 1024.0
# Of fewer copies a share says nothing, and each of them would slow by half.
_SMALLEST_SLOWED = 10
# A lane of whose group this share was deferred is being told to slow down.
_DEFERRED_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Grant:
    """Whether a group may leave now. `wait` is how long until it is worth asking again.

    `limited` tells that something limits the account or the lane at present.
    """

    granted: bool
    wait: timedelta = timedelta(0)
    limited: bool = True


_GRANTED = Grant(granted=True)
_UNLIMITED = Grant(granted=True, limited=False)


def rate(account: str, lane: str) -> float:
    """Return messages per second, as configured; 0 means no limit."""
    return float(settings.RATES.get(f"{account}/{lane}" if lane else account, 0.0))


def current_rate(account: str, lane: str, slowdown: float) -> float | None:
    """Return messages per second that a lane may take now, or None when nothing limits it."""
    per_second = rate(account, lane)
    if slowdown > 1.0:
        return (per_second or _ASSUMED_RATE) / slowdown
    return per_second or None


def group_size(
    account: str, lane: str, *, preferred: int | None, now: datetime, limited: bool = False
) -> int:
    """Return how many copies to intend at once: what the transport takes best in one call.

    With a slow limit groups are small, so that they are spread evenly; where something `limited` the
    last one, with what the account was taught too. Of a warm-up's day no more than is left is asked.
    """
    most = [int(each) for each in (rate(account, ""), rate(account, lane)) if each]
    if limited and (slowdown := slowdown_of(account)) > 1.0:
        most.append(max(_SMALLEST_SLOWED, int((rate(account, "") or _ASSUMED_RATE) / slowdown)))
    if (left := warming.left(account, now=now)) is not None:
        most.append(left)
    return max(1, min([preferred or settings.GROUP_SIZE, *most]))


def take(account: str, lane: str, number: int, *, now: datetime) -> Grant:
    """Ask for `number` messages before their intent. Nothing is taken unless all limits grant it."""
    if not _is_limited(account, lane, now=now):
        return _UNLIMITED
    if not warming.take(account, number, now=now):
        return Grant(granted=False, wait=warming.until_tomorrow(now))
    whole = _take(account, "", number, now=now)
    if not whole.granted:
        warming.give_back(account, number, now=now)
        return whole
    apart = _take(account, lane, number, now=now) if lane else _GRANTED
    if not apart.granted:
        warming.give_back(account, number, now=now)
        give_back(account, "", number)
    return apart


def give_back(account: str, lane: str, number: int) -> None:
    """Return what was taken for messages that never left."""
    per_second = rate(account, lane)
    if per_second:
        Bucket.objects.filter(account=account, lane=lane).update(
            free_at=F("free_at") - timedelta(seconds=number / per_second)
        )


def hold_for(account: str, *, seconds: float, now: datetime) -> None:
    """Let an account rest: the provider named the time in Retry-After."""
    until = now + timedelta(seconds=min(seconds, 3600.0))
    bucket, _made = Bucket.objects.get_or_create(
        account=account, lane="", defaults={"free_at": until}
    )
    Bucket.objects.filter(pk=bucket.pk).update(free_at=Greatest(F("free_at"), until))


def note_answers(account: str, lane: str, *, deferred: int, total: int) -> None:
    """Slow a lane whose receiving servers defer, and let it recover group by group.

    Without a lane it is the account: what defers everybody is the server on our side.
    """
    if not total:
        return
    if deferred / total >= _DEFERRED_SHARE:
        bucket, _made = Bucket.objects.get_or_create(
            account=account, lane=lane, defaults={"free_at": datetime.fromtimestamp(0).astimezone()}
        )
        slower = min(_MAX_SLOWDOWN, bucket.slowdown * 2)
        Bucket.objects.filter(pk=bucket.pk).update(slowdown=slower)
    else:
        Bucket.objects.filter(account=account, lane=lane, slowdown__gt=1.0).update(
            slowdown=Greatest(1.0, F("slowdown") * 0.7)
        )


def slowdown_of(account: str) -> float:
    """Return by how much an account as a whole was found to be too fast; 1 is not at all."""
    found = Bucket.objects.filter(account=account, lane="").values_list("slowdown", flat=True)
    return found.first() or 1.0


def _is_limited(account: str, lane: str, *, now: datetime) -> bool:
    """Whether there is anything to be asked for: most groups pay for this one look and no more."""
    return bool(
        rate(account, "")
        or rate(account, lane)
        or warming.limit(account, now=now) is not None
        or limits.stand(account, lane, now=now)
    )


def _take(account: str, lane: str, number: int, *, now: datetime) -> Grant:
    """Move the bucket's free time by one conditional UPDATE."""
    bucket = Bucket.objects.filter(account=account, lane=lane).first()
    per_second = current_rate(account, lane, bucket.slowdown if bucket else 1.0)
    if not per_second:
        held = bucket is not None and bucket.free_at > now
        return Grant(granted=False, wait=bucket.free_at - now) if bucket and held else _GRANTED
    if bucket is None:
        bucket, _made = Bucket.objects.get_or_create(
            account=account, lane=lane, defaults={"free_at": now}
        )
    cost = timedelta(seconds=number / per_second)
    taken = Bucket.objects.filter(pk=bucket.pk, free_at__lte=now + _BURST).update(
        free_at=Greatest(F("free_at"), now) + cost
    )
    if taken:
        return _GRANTED
    free_at = Bucket.objects.values_list("free_at", flat=True).get(pk=bucket.pk)
    return Grant(granted=False, wait=max(free_at - _BURST - now, timedelta(milliseconds=50)))
