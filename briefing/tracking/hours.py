"""Counts what is heard by hour after a dispatch's start, and tells it as a course over time.

Before it: apply.fold. After it: the report's chart over time.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from django.db import connection

from briefing.dispatch import fate
from briefing.models import Dispatch, hours_after

_ADD = """
INSERT INTO briefing_hourcount (dispatch_id, kind, hour, number) VALUES (%s, %s, %s, %s)
ON CONFLICT (dispatch_id, kind, hour)
DO UPDATE SET number = briefing_hourcount.number + excluded.number
"""
Moment = tuple[int, int, datetime]  # dispatch, kind, at


def of_deliveries(first: Mapping[tuple[int, int], Mapping[int, datetime]]) -> Iterator[Moment]:
    """Yield when each delivery was first heard of in each way; its clicks count by link instead."""
    for (dispatch_id, _reader), heard in first.items():
        yield from ((dispatch_id, bit, at) for bit, at in heard.items() if bit != fate.CLICKED)


def add(moments: Iterable[Moment]) -> None:
    """Add moments to the counters, in one order, so that two folds never wait crosswise."""
    moments = list(moments)
    if not moments:
        return
    rows = Dispatch.objects.filter(pk__in={dispatch for dispatch, _kind, _at in moments})
    begun = {each.pk: each.started_at or each.created_at for each in rows}
    numbers = Counter(
        (dispatch, kind, hours_after(begun[dispatch], at)) for dispatch, kind, at in moments
    )
    with connection.cursor() as cursor:
        cursor.executemany(_ADD, [(*place, number) for place, number in sorted(numbers.items())])
