"""Counts copies that are accepted after their batch had counted them: retries, evidence, decisions.

Before it: results.adjust, which holds the lock of the dispatch's counters. After it: reports, by
lane and by hour.
"""

from collections import Counter
from collections.abc import Collection

from django.db import connection
from django.utils import timezone

from briefing.models import Dispatch, hours_after
from subscribers.models import Subscriber

_ADD = """
INSERT INTO briefing_latecount (dispatch_id, lane, hour, number) VALUES (%s, %s, %s, %s)
ON CONFLICT (dispatch_id, lane, hour)
DO UPDATE SET number = briefing_latecount.number + excluded.number
"""


def count(dispatch_id: int, readers: Collection[int], *, lanes: Collection[str]) -> None:
    """Count these readers' copies for the lane of each, in the present hour of the dispatch."""
    if not readers:
        return
    started_at = Dispatch.objects.values_list("started_at", flat=True).get(pk=dispatch_id)
    now = timezone.now()
    hour = hours_after(started_at or now, now)
    domains = Subscriber.objects.filter(pk__in=readers).values_list("domain", flat=True)
    numbers = Counter(domain if domain in lanes else "" for domain in domains)
    # A reader whose row is gone still had a copy.
    numbers[""] += len(readers) - numbers.total()
    rows = [(dispatch_id, lane, hour, number) for lane, number in sorted(numbers.items()) if number]
    with connection.cursor() as cursor:
        cursor.executemany(_ADD, rows)
