"""Counts who clicked in a month, each reader once, for the month they joined in.

Before it: apply.fold. After it: subscribers.tally, and the report on cohorts.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import chain, islice

from django.db import connection

from briefing.dispatch import fate
from briefing.models import Dispatch
from subscribers import tally

_AT_ONCE = 1000
_INSERT = """
INSERT INTO briefing_clickmonth (newsletter_id, month, subscriber_id) VALUES {rows}
ON CONFLICT (newsletter_id, month, subscriber_id) DO NOTHING
RETURNING subscriber_id
"""
Place = tuple[int, date]  # newsletter, month


def note(first: Mapping[tuple[int, int], Mapping[int, datetime]]) -> None:
    """Count the readers whose deliveries were clicked for the first time, once in a month."""
    clicks = [
        (dispatch, reader, heard[fate.CLICKED])
        for (dispatch, reader), heard in first.items()
        if fate.CLICKED in heard
    ]
    if not clicks:
        return
    dispatches = Dispatch.objects.filter(pk__in={dispatch for dispatch, _reader, _at in clicks})
    newsletters = dict(dispatches.values_list("pk", "issue__newsletter_id"))
    readers: defaultdict[Place, set[int]] = defaultdict(set)
    for dispatch, reader, at in clicks:
        month = at.astimezone(UTC).date().replace(day=1)
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
