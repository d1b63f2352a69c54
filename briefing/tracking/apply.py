"""Folding reports into deliveries and counters, whatever their order and however often they come.

Before it: rows that record.keep wrote. After it: a delivery's fate, the counters that every report
screen reads, and through consequences.py what a report means for the reader.
"""

from collections import Counter, defaultdict
from datetime import datetime, timedelta

from django.db import connection, transaction

from briefing.dispatch import resolving
from briefing.dispatch.fate import BOUNCED, CLICKED
from briefing.dispatch.outcome import ACCEPTED, REJECTED
from briefing.tracking import cohorts, consequences, hours, rows, turn
from briefing.tracking.hours import Hour

AT_ONCE = 5000
# A report may overtake the row of its delivery; after a day there will be none.
_WAIT = timedelta(minutes=1)
_GIVE_UP = timedelta(days=1)
_ADD = """
INSERT INTO briefing_eventcount (dispatch_id, domain, kind, link, number) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (dispatch_id, kind, domain, link)
DO UPDATE SET number = briefing_eventcount.number + excluded.number
"""


def fold(*, now: datetime, limit: int = AT_ONCE) -> int:
    """Fold what is due, so many reports and the rest of a post; return how many were looked at.

    Safe to run twice and by two at once: consequences may be repeated, folds take turns, bits only
    come on, and a report is folded in the transaction that counts it.
    """
    posts = rows.due(now=now, at_least=limit)
    if not posts:
        return 0
    consequences.draw(rows.told(posts, consequences.KINDS), now=now)
    with transaction.atomic():
        # Only what was drawn: what came meanwhile is drawn in its own turn.
        turn.begin([post.pk for post in posts])
        rows.wait(turn.early(too_old=now - _GIVE_UP), until=now + _WAIT)
        _count()
        turn.switch_on()
        _settle()
        turn.end()
    return sum(post.size for post in posts)


def _count() -> None:
    """Add what is new to the counters: by domain, by link, by hour and by the readers' months."""
    counts: Counter[tuple[int, str, int, int]] = Counter()
    by_hour: Counter[Hour] = Counter()
    for news in turn.count():
        counts[news[:4]] += news.number
        if news.kind != BOUNCED and (news.kind != CLICKED or news.link >= 0):
            by_hour[news.dispatch_id, news.kind, news.hour] += news.number
    if counts:
        with connection.cursor() as cursor:
            cursor.executemany(_ADD, [(*place, number) for place, number in sorted(counts.items())])
    hours.add(by_hour)
    if any(kind == CLICKED and link < 0 for _dispatch, _domain, kind, link in counts):
        cohorts.note(turn.first_clicks())


def _settle() -> None:
    """Settle unknown deliveries: whoever reports on a copy has taken it, or says that they did not."""
    taken: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for dispatch_id, reader, refused in turn.of_unknown():
        taken[dispatch_id, REJECTED if refused else ACCEPTED].add(reader)
    for (dispatch_id, outcome), readers in sorted(taken.items()):
        resolving.settle(dispatch_id, sorted(readers), outcome)
