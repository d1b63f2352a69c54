"""How much a new account may send: a little more each day, until it is warm.

Before it: the plan in the settings. After it: throttle, which asks for each group.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F

from briefing.models import Allowance


def limit(account: str, *, now: datetime) -> int | None:
    """Return how many messages a warming account may send on this day, or None when it is warm."""
    plan = settings.WARM_UP.get(account)
    if plan is None:
        return None
    days = (now.date() - plan.start).days
    if days >= plan.days:
        return None
    return int(plan.first * plan.growth ** max(0, days)) if days >= 0 else 0


def left(account: str, *, now: datetime) -> int | None:
    """Return how many of them it has not sent yet."""
    most = limit(account, now=now)
    if most is None:
        return None
    day = Allowance.objects.filter(account=account, day=now.date()).first()
    return most - (day.used if day else 0)


def take(account: str, number: int, *, now: datetime) -> bool:
    """Take so many from the day's allowance, or none; returns whether they were there."""
    most = limit(account, now=now)
    if most is None:
        return True
    Allowance.objects.get_or_create(account=account, day=now.date())
    own = Allowance.objects.filter(account=account, day=now.date(), used__lte=most - number)
    return bool(own.update(used=F("used") + number))


def give_back(account: str, number: int, *, now: datetime) -> None:
    """Return what another limit refused."""
    if limit(account, now=now) is not None:
        Allowance.objects.filter(account=account, day=now.date()).update(used=F("used") - number)


def until_tomorrow(now: datetime) -> timedelta:
    """Return how long it is until the next day's allowance; days are those of UTC."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1) - now
