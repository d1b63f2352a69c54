"""Keeps tallies: each act that changes who reads adds to them, in its own transaction.

Before it: signup, joining, unsubscribe, suppression, erasure, imports. After it: the reports on
growth, cohorts and sources. A reader is *there* while subscribed and not withheld; days are UTC's.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Count, Sum

from subscribers import bulk
from subscribers.models import SignupRequest, Subscription, Tally

About, Kind = Tally.About, Tally.Kind

# Plain words, of which a dictionary's key is hashed as fast as it can be.
_DAY, _COHORT, _SOURCE = About.DAY.value, About.COHORT.value, About.SOURCE.value

_UTM = ("utm_source", "utm_medium", "utm_campaign")
_PARTS_AT_ONCE = 1000
_KEY = ("newsletter_id", "about", "kind", "at", "joined", "source")


class Stand(NamedTuple):
    """What a tally needs of a subscription."""

    newsletter_id: int
    state: str
    withheld: str
    confirmed_at: datetime
    unsubscribed_at: datetime | None
    source: dict[str, str]

    @property
    def active(self) -> bool:
        """Whether it is subscribed, withheld or not."""
        return self.state == Subscription.State.ACTIVE


Happened = tuple[Stand, str, datetime]


def asked(signup: SignupRequest, *, now: datetime) -> None:
    """Count a request that a confirmation is owed for."""
    day, source = day_of(now), source_of(signup.source)
    _add(
        Counter(
            {
                (signup.newsletter_id, About.DAY, Kind.SIGNUP, day, None, ""): 1,
                (signup.newsletter_id, About.SOURCE, Kind.SIGNUP, _month(day), None, source): 1,
            }
        )
    )


def joined(ids: Collection[int], *, now: datetime) -> None:
    """Count subscriptions that have just begun, or begun anew. The caller has locked them."""
    _note(ids, Kind.JOINED, Kind.WITHHELD, now=now)


def returned(ids: Collection[int], *, now: datetime) -> None:
    """Count subscriptions whose end has just been taken back. The caller has locked them."""
    _note(ids, Kind.RETURNED, Kind.WITHHELD, now=now)


def left(ids: Collection[int], *, now: datetime) -> None:
    """Count subscriptions that have just ended. The caller has locked them."""
    _note(ids, Kind.LEFT, Kind.RELEASED, now=now)


def withheld(ids: Collection[int], *, now: datetime) -> None:
    """Count subscriptions that must not be written to any more. The caller has locked them."""
    _note(ids, Kind.WITHHELD, now=now)


def released(ids: Collection[int], *, now: datetime) -> None:
    """Count subscriptions that may be written to again. The caller has locked them."""
    _note(ids, Kind.RELEASED, now=now)


def clicked(readers: Collection[int], newsletter_id: int, *, month: date) -> None:
    """Count readers who clicked in a month for the first time in it, for the month they joined in."""
    rows = Subscription.objects.filter(newsletter_id=newsletter_id, subscriber_id__in=readers)
    months = Counter(_month(day_of(at)) for at in rows.values_list("confirmed_at", flat=True))
    _add(
        Counter(
            {
                (newsletter_id, About.COHORT, Kind.CLICKED, month, cohort, ""): number
                for cohort, number in months.items()
            }
        )
    )


def begun(stands: Iterable[tuple[Stand, int]], *, now: datetime) -> None:
    """Count subscriptions written in bulk: what stands in them, and how many of them are alike."""
    numbers = _numbers(
        (*each, number) for stand, number in stands for each in _history(stand, now=now)
    )
    # A list that grew over years touches thousands of days.
    rows = (
        (newsletter, about, kind, at.isoformat(), joined and joined.isoformat(), source, number)
        for (newsletter, about, kind, at, joined, source), number in numbers.items()
    )
    bulk.insert(Tally, (*_KEY, "number"), rows)


def put_together() -> int:
    """Put rows of one kind together; return how many rows fewer there are. Safe to run twice."""
    groups = Tally.objects.values(*_KEY).annotate(rows=Count("pk")).filter(rows__gt=1).order_by()
    return sum(_one_row(group) for group in groups[:_PARTS_AT_ONCE])


@transaction.atomic
def _one_row(group: dict[str, Any]) -> int:
    rows = Tally.objects.filter(**{name: group[name] for name in _KEY if name != "joined"})
    # NULL is equal to nothing.
    rows = (
        rows.filter(joined__isnull=True)
        if group["joined"] is None
        else rows.filter(joined=group["joined"])
    )
    numbers = dict(rows.select_for_update().order_by("pk").values_list("pk", "number"))
    if len(numbers) < 2:
        return 0
    kept, *rest = numbers
    Tally.objects.filter(pk=kept).update(number=sum(numbers.values()))
    return Tally.objects.filter(pk__in=rest).delete()[0]


def sums(newsletter_id: int, about: str, *by: str) -> Iterator[tuple[Any, ...]]:
    """Yield what a newsletter's tallies of one kind add up to, by these columns and then the number."""
    rows = Tally.objects.filter(newsletter_id=newsletter_id, about=about)
    yield from rows.values(*by).order_by().annotate(all=Sum("number")).values_list(*by, "all")


def day_of(at: datetime) -> date:
    """Return the day that an act counts for."""
    return at.astimezone(UTC).date()


def source_of(told: dict[str, str]) -> str:
    """Return a source's name: what the address of the page said of it, or nothing."""
    return " / ".join(filter(None, (str(told.get(name, "")).strip() for name in _UTM)))[:320]


def _history(stand: Stand, *, now: datetime) -> Iterator[Happened]:
    yield stand, Kind.JOINED.value, stand.confirmed_at
    if not stand.active:
        yield stand, Kind.LEFT.value, stand.unsubscribed_at or now
    elif stand.withheld:
        yield stand, Kind.WITHHELD.value, now


def _note(ids: Collection[int], *kinds: str, now: datetime) -> None:
    """Count the first kind for all of them, and the second for those that are withheld."""
    if not ids:
        return
    stands = Subscription.objects.filter(pk__in=ids).values_list(*Stand._fields)
    _add(
        _numbers(
            (stand, kind, now, 1)
            for stand in map(Stand._make, stands)
            for kind in (kinds if stand.withheld else kinds[:1])
        )
    )


def _numbers(happened: Iterable[tuple[Stand, str, datetime, int]]) -> Counter[tuple[Any, ...]]:
    numbers: Counter[tuple[Any, ...]] = Counter()
    for stand, kind, at, number in happened:
        day, cohort = day_of(at), _month(day_of(stand.confirmed_at))
        source = source_of(stand.source)
        numbers[stand.newsletter_id, _DAY, kind, day, None, ""] += number
        numbers[stand.newsletter_id, _COHORT, kind, _month(day), cohort, ""] += number
        numbers[stand.newsletter_id, _SOURCE, kind, cohort, None, source] += number
    return numbers


def _add(numbers: Counter[tuple[Any, ...]]) -> None:
    Tally.objects.bulk_create(
        (
            Tally(**dict(zip(_KEY, key, strict=True)), number=number)
            for key, number in numbers.items()
        ),
        batch_size=1000,
    )


def _month(day: date) -> date:
    return day.replace(day=1)
