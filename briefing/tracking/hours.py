"""Counts what is heard by hour after a dispatch's start, and tells it as a course over time.

Before it: apply.fold. After it: the report's chart over time.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from briefing.dispatch import fate
from briefing.models import LAST_HOUR, Batch, Dispatch, HourCount, LateCount, hours_after

_ADD = """
INSERT INTO briefing_hourcount (dispatch_id, kind, hour, number) VALUES (%s, %s, %s, %s)
ON CONFLICT (dispatch_id, kind, hour)
DO UPDATE SET number = briefing_hourcount.number + excluded.number
"""
Hour = tuple[int, int, int]  # dispatch, kind, hours after its start
# So many hours are told one by one; a longer course is told by days.
MOST_HOURS = 48
# Whatever comes later counts on the last of them.
MOST_DAYS = 60


@dataclass(frozen=True, slots=True)
class Point:
    """What happened in one hour or day of a course, counted from its start."""

    number: int
    accepted: int
    delivered: int
    clicked: int


@dataclass(frozen=True, slots=True)
class Course:
    """How an issue went over time, hour by hour or day by day."""

    by_days: bool
    points: list[Point]


def add(numbers: Mapping[Hour, int]) -> None:
    """Add to the counters, in one order, so that two folds never wait crosswise.

    A clock that is behind ours reports in the first hour.
    """
    within: Counter[Hour] = Counter()
    for (dispatch, kind, hour), number in numbers.items():
        within[dispatch, kind, max(0, min(hour, LAST_HOUR))] += number
    if within:
        with connection.cursor() as cursor:
            cursor.executemany(_ADD, [(*place, number) for place, number in sorted(within.items())])


def course(dispatches: Sequence[Dispatch]) -> Course:
    """Return how dispatches of an issue went, from the start of the first that has started."""
    begun = {each.pk: each.started_at for each in dispatches if each.started_at}
    if not begun:
        return Course(by_days=False, points=[])
    origin = min(begun.values())
    accepted, heard = _accepted(begun, origin), _heard(begun, origin)
    delivered, clicked = heard[fate.DELIVERED], heard[fate.CLICKED]
    last = max([*accepted, *delivered, *clicked, 0])
    by_days = last >= MOST_HOURS
    if by_days:
        accepted, delivered, clicked = map(_by_days, (accepted, delivered, clicked))
        last = min(last // 24, MOST_DAYS - 1)
    points = [
        Point(number, accepted[number], delivered[number], clicked[number])
        for number in range(last + 1)
    ]
    return Course(by_days=by_days, points=points)


def _accepted(begun: Mapping[int, datetime], origin: datetime) -> Counter[int]:
    """Count accepted copies by hour: a batch's when it last counted, later ones when they came."""
    numbers: Counter[int] = Counter()
    batches = Batch.objects.filter(dispatch__in=begun, accepted__gt=0)
    for dispatch, at, number in batches.values_list("dispatch_id", "counted_at", "accepted"):
        numbers[hours_after(origin, at or begun[dispatch])] += number
    late = LateCount.objects.filter(dispatch__in=begun).values_list("dispatch_id", "hour", "number")
    for dispatch, hour, number in late:
        numbers[hour + hours_after(origin, begun[dispatch])] += number
    return numbers


def _heard(begun: Mapping[int, datetime], origin: datetime) -> dict[int, Counter[int]]:
    numbers: dict[int, Counter[int]] = {fate.DELIVERED: Counter(), fate.CLICKED: Counter()}
    rows = HourCount.objects.filter(dispatch__in=begun, kind__in=numbers)
    for dispatch, kind, hour, number in rows.values_list("dispatch_id", "kind", "hour", "number"):
        numbers[kind][hour + hours_after(origin, begun[dispatch])] += number
    return numbers


def _by_days(hours: Counter[int]) -> Counter[int]:
    days: Counter[int] = Counter()
    for hour, number in hours.items():
        days[min(hour // 24, MOST_DAYS - 1)] += number
    return days
