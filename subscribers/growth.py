"""Tells tallies as reports: growth by week or month, cohorts by month, and sources.

Before it: tally. After it: the desk. A reader is there while subscribed and not withheld.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from subscribers import tally
from subscribers.models import Tally

About, Kind = Tally.About, Tally.Kind

MOST_SOURCES = 30
# What each kind does to the number of readers who are there.
_STEP = {Kind.JOINED: 1, Kind.RETURNED: 1, Kind.RELEASED: 1, Kind.LEFT: -1, Kind.WITHHELD: -1}


@dataclass(frozen=True, slots=True)
class Period:
    """One week or month: who asked, joined, left for good and was withheld, and who is there then."""

    begins: date
    asked: int
    joined: int
    left: int
    withheld: int
    there: int


@dataclass(frozen=True, slots=True)
class Cohort:
    """Those who joined in one month, and how many of them were there and clicked in each since.

    Both lists begin with the month itself. Only readers who granted it are known by their clicks.
    """

    month: date
    joined: int
    there: list[int]
    clicked: list[int]


@dataclass(frozen=True, slots=True)
class Source:
    """Where readers came from; an empty name is of those whose page said nothing of it.

    `rest` stands for all the small ones together.
    """

    name: str
    asked: int
    joined: int
    there: int
    rest: bool = False


def acts(newsletter_id: int) -> Counter[str]:
    """Return how often each kind of act was counted since the beginning."""
    return Counter(dict(tally.sums(newsletter_id, About.DAY, "kind")))


def remaining(kinds: Counter[str]) -> int:
    """Return how many readers these acts leave."""
    return sum(step * kinds[kind] for kind, step in _STEP.items())


def week_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def month_of(day: date) -> date:
    """Return the first of a day's month."""
    return day.replace(day=1)


def next_month(month: date) -> date:
    """Return the first of the month after."""
    return (month + timedelta(days=31)).replace(day=1)


def weeks(newsletter_id: int, *, today: date, most: int) -> list[Period]:
    """Return the last weeks, oldest first; the present one is not over."""
    starts = [week_of(today) - timedelta(weeks=number) for number in reversed(range(most))]
    return _periods(newsletter_id, week_of, starts)


def months(newsletter_id: int, *, today: date, most: int) -> list[Period]:
    """Return the last months, oldest first; the present one is not over."""
    return _periods(newsletter_id, month_of, _last_months(today, most))


def cohorts(newsletter_id: int, *, today: date, most: int) -> list[Cohort]:
    """Return the readers of the last months by the month they joined in, oldest first."""
    numbers: defaultdict[date, Counter[tuple[str, date]]] = defaultdict(Counter)
    for joined, kind, at, number in tally.sums(newsletter_id, About.COHORT, "joined", "kind", "at"):
        numbers[joined][kind, at] += number
    return [
        _cohort(month, numbers[month], upto=month_of(today)) for month in _last_months(today, most)
    ]


def sources(newsletter_id: int) -> list[Source]:
    """Return where readers came from, the largest first, the small ones together last."""
    numbers: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for source, kind, number in tally.sums(newsletter_id, About.SOURCE, "source", "kind"):
        numbers[source][kind] += number
    found = [_source(name, kinds) for name, kinds in numbers.items()]
    found.sort(key=lambda each: (-each.joined, -each.asked, each.name))
    if len(found) <= MOST_SOURCES:
        return found
    small = found[MOST_SOURCES - 1 :]
    rest = Source(
        "",
        asked=sum(each.asked for each in small),
        joined=sum(each.joined for each in small),
        there=sum(each.there for each in small),
        rest=True,
    )
    return [*found[: MOST_SOURCES - 1], rest]


def _last_months(today: date, most: int) -> list[date]:
    months, month = [], month_of(today)
    for _number in range(most):
        months.append(month)
        month = month_of(month - timedelta(days=1))
    return months[::-1]


def _periods(
    newsletter_id: int, begin_of: Callable[[date], date], starts: list[date]
) -> list[Period]:
    numbers: defaultdict[date, Counter[str]] = defaultdict(Counter)
    there = 0
    for at, kind, number in tally.sums(newsletter_id, About.DAY, "at", "kind"):
        if at < starts[0]:
            there += _STEP.get(kind, 0) * number
        else:
            numbers[begin_of(at)][kind] += number
    periods = []
    for begins in starts:
        kinds = numbers[begins]
        there += remaining(kinds)
        periods.append(
            Period(
                begins=begins,
                asked=kinds[Kind.SIGNUP],
                joined=kinds[Kind.JOINED],
                left=kinds[Kind.LEFT] - kinds[Kind.RETURNED],
                withheld=kinds[Kind.WITHHELD] - kinds[Kind.RELEASED],
                there=there,
            )
        )
    return periods


def _cohort(month: date, numbers: Counter[tuple[str, date]], *, upto: date) -> Cohort:
    there, clicked, at, here = [], [], month, 0
    while at <= upto:
        here += sum(step * numbers[kind, at] for kind, step in _STEP.items())
        there.append(here)
        clicked.append(numbers[Kind.CLICKED, at])
        at = next_month(at)
    joined = sum(number for (kind, _at), number in numbers.items() if kind == Kind.JOINED)
    return Cohort(month=month, joined=joined, there=there, clicked=clicked)


def _source(name: str, kinds: Counter[str]) -> Source:
    return Source(name, asked=kinds[Kind.SIGNUP], joined=kinds[Kind.JOINED], there=remaining(kinds))
