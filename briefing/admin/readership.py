"""How many read, and how that grows: counted at most every few minutes, because it reads all rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Count
from django.db.models.functions import TruncWeek
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
    begin = (now - timedelta(days=now.weekday(), weeks=WEEKS - 1)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    rows = dict(
        Subscription.objects.filter(
            newsletter=newsletter,
            confirmed_at__gte=begin,
            state=Subscription.State.ACTIVE,
            withheld=Subscription.Withheld.NOT,
        )
        .annotate(week=TruncWeek("confirmed_at"))
        .values_list("week")
        .annotate(number=Count("pk"))
        .order_by("week")
    )
    by_day = {week.date(): number for week, number in rows.items()}
    starts = [begin + timedelta(weeks=number) for number in range(WEEKS)]
    numbers = [by_day.get(start.date(), 0) for start in starts]
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
