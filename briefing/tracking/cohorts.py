"""Counts who clicked in a month, each reader once, for the month they joined in.

Before it: apply.fold. After it: subscribers.tally, and the report on cohorts.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from itertools import chain, islice

from django.db import connection

from briefing.models import Dispatch
from subscribers import tally

_AT_ONCE = 1000
_INSERT = """
INSERT INTO briefing_clickmonth (newsletter_id, month, subscriber_id) VALUES {rows}
ON CONFLICT (newsletter_id, month, subscriber_id) DO NOTHING
RETURNING subscriber_id
"""
Place = tuple[int, date]  # newsletter, month
Click = tuple[int, int, date]  # dispatch, reader, month


def note(clicks: Collection[Click]) -> None:
    """Count readers whose deliveries were clicked for the first time, once in a month."""
    dispatches = Dispatch.objects.filter(pk__in={dispatch for dispatch, _reader, _month in clicks})
    newsletters = dict(dispatches.values_list("pk", "issue__newsletter_id"))
    readers: defaultdict[Place, set[int]] = defaultdict(set)
    for dispatch, reader, month in clicks:
        readers[newsletters[dispatch], month].add(reader)
    for (newsletter, month), those in sorted(readers.items()):
        tally.clicked(_new((newsletter, month), sorted(those)), newsletter, month=month)


def _new(place: Place, readers: Sequence[int]) -> list[int]:
    """Write down who clicked in a month; return those of whom it was not known yet."""
    rows: Iterator[tuple[int, date, int]] = iter([(*place, reader) for reader in readers])
    found: list[int] = []
    with connection.cursor() as cursor:
        while some := list(islice(rows, _AT_ONCE)):
            places = ", ".join(["(%s, %s, %s)"] * len(some))
            cursor.execute(_INSERT.format(rows=places), list(chain.from_iterable(some)))
            found += [reader for (reader,) in cursor.fetchall()]
    return found
