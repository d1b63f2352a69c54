"""How many read, and how that grows: counted at most every few minutes, because it reads all rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Count, Q
from redis.exceptions import RedisError

from subscribers import audience
from subscribers.models import Newsletter, Subscription

WEEKS = 12
REMEMBERED_SECONDS = 300
BAR_HEIGHT = 40


@dataclass(frozen=True, slots=True)
class Week:
    """How many readers a week brought who are still there; x, y and height draw its bar."""

    begins: datetime
    readers: int
    x: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Readership:
    """One newsletter's readers."""

    newsletter: Newsletter
    active: int
    weeks: list[Week]
    new_this_week: int


def count(*, now: datetime) -> list[Readership]:
    """Return every newsletter's readership, the oldest newsletter first."""
    return [_remembered(newsletter, now=now) for newsletter in Newsletter.objects.order_by("pk")]


def _count(newsletter: Newsletter, *, now: datetime) -> Readership:
    this_week = (now - timedelta(days=now.weekday())).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    starts = [this_week - timedelta(weeks=number) for number in reversed(range(WEEKS))]
    numbers = _new_in_weeks(newsletter, starts)
    highest = max([*numbers, 1])
    return Readership(
        newsletter=newsletter,
        active=audience.count(newsletter, now=now).planned,
        weeks=[
            Week(
                start,
                number,
                x=index * 10,
                y=BAR_HEIGHT * (1 - number / highest),
                height=BAR_HEIGHT * number / highest,
            )
            for index, (start, number) in enumerate(zip(starts, numbers, strict=True))
        ],
        new_this_week=numbers[-1],
    )


def _new_in_weeks(newsletter: Newsletter, starts: list[datetime]) -> list[int]:
    """Count, for each week that begins so, the readers who confirmed in it and are still there.

    One walk over the rows with plain comparisons: on SQLite a function of the date is Python's work.
    """
    rows = Subscription.objects.filter(
        newsletter=newsletter,
        confirmed_at__gte=starts[0],
        state=Subscription.State.ACTIVE,
        withheld=Subscription.Withheld.NOT,
    )
    week = timedelta(weeks=1)
    counted = rows.aggregate(
        **{
            f"week_{number}": Count(
                "pk", filter=Q(confirmed_at__gte=start, confirmed_at__lt=start + week)
            )
            for number, start in enumerate(starts)
        }
    )
    return [counted[f"week_{number}"] for number in range(len(starts))]


def _remembered(newsletter: Newsletter, *, now: datetime) -> Readership:
    """Return what the cache holds, else count; without a cache the page is only slower."""
    key = f"desk/readership/{newsletter.pk}"
    try:
        found: Readership | None = cache.get(key)
        if found is None:
            found = _count(newsletter, now=now)
            cache.set(key, found, REMEMBERED_SECONDS)
    except RedisError:
        return _count(newsletter, now=now)
    return found
