"""Folding reports into deliveries and counters, whatever their order and however often they come.

Before it: rows that record.keep wrote. After it: a delivery's fate, the counters that every report
screen reads, and through consequences.py what a report means for the reader.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F

from briefing.dispatch import fate, resolving
from briefing.dispatch.outcome import ACCEPTED, REJECTED, UNKNOWN
from briefing.models import Batch, Delivery, Event
from briefing.tracking import cohorts, consequences, hours, rows
from briefing.tracking.hours import Moment
from briefing.tracking.rows import Heard, Told
from subscribers.models import Subscriber

Kind = Event.Kind

BITS = {
    Kind.DELIVERED: fate.DELIVERED,
    Kind.DEFERRED: fate.DEFERRED,
    Kind.SOFT_BOUNCED: fate.SOFT_BOUNCED,
    Kind.HARD_BOUNCED: fate.HARD_BOUNCED,
    Kind.BLOCKED: fate.BLOCKED,
    # Taken first and refused behind it: the receiving server never saw it.
    Kind.REJECTED: fate.BLOCKED,
    Kind.COMPLAINED: fate.COMPLAINED,
    Kind.UNSUBSCRIBED: fate.UNSUBSCRIBED,
    Kind.OPENED: fate.OPENED,
    Kind.CLICKED: fate.CLICKED,
}
AT_ONCE = 5000
# A report may overtake the row of its delivery; after a day there will be none.
_WAIT = timedelta(minutes=1)
_GIVE_UP = timedelta(days=1)
_ADD = """
INSERT INTO briefing_eventcount (dispatch_id, domain, kind, link, number) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (dispatch_id, kind, domain, link)
DO UPDATE SET number = briefing_eventcount.number + excluded.number
"""
Place = tuple[int, int]  # dispatch, reader
Counted = tuple[int, str, int, int]  # dispatch, domain, kind, link


def fold(*, now: datetime, limit: int = AT_ONCE) -> int:
    """Fold what is due; return how many reports were looked at.

    Safe to run twice and by two at once: consequences may be repeated, rows are locked, bits only
    come on, and a report is folded in the transaction that counts it.
    """
    due = rows.due(now=now, limit=limit)
    consequences.draw(due, now=now)
    with transaction.atomic():
        # Only what was drawn: another worker may have it, and then it draws it too.
        events = rows.locked([event.pk for event in due])
        deliveries = _deliveries(events)
        here = [event for event in events if _place(event) in deliveries]
        _count(here, deliveries)
        unnamed = [event for event in events if _is_unnamed(event)]
        _count_unnamed(unnamed)
        folded = {event.pk for event in (*here, *unnamed)} | {
            event.pk for event in events if _is_alone(event, now=now)
        }
        Event.objects.filter(pk__in=folded).update(folded_at=now)
        early = [event.pk for event in events if event.pk not in folded]
        if early:
            Event.objects.filter(pk__in=early).update(due_at=now + _WAIT)
    return len(events)


def _is_alone(event: Told, *, now: datetime) -> bool:
    """Whether there is no delivery to fold a report into, or will be none any more."""
    return event.dispatch_id is None or event.received_at < now - _GIVE_UP


def _is_unnamed(event: Told) -> bool:
    """Whether it is a click in an issue that counts them without asking whose they are."""
    return event.kind == Kind.CLICKED and bool(event.dispatch_id) and event.subscriber_id is None


def _place(event: Told) -> Place:
    return event.dispatch_id or 0, event.subscriber_id or 0


def _deliveries(events: Iterable[Told]) -> dict[Place, Heard]:
    """Return the deliveries that reports are of, locked in the order of their keys."""
    readers: defaultdict[int, set[int]] = defaultdict(set)
    for event in events:
        if event.dispatch_id and event.subscriber_id:
            readers[event.dispatch_id].add(event.subscriber_id)
    found: dict[Place, Heard] = {}
    for dispatch_id in sorted(readers):
        found |= {row[:2]: row for row in rows.deliveries(dispatch_id, readers[dispatch_id])}
    return found


def _count(events: Sequence[Told], deliveries: dict[Place, Heard]) -> None:
    """Bring the deliveries' bits and the counters up to date, and settle what was unknown."""
    domains = _domains(deliveries)
    counts: Counter[Counted] = Counter()
    clicks: list[Moment] = []
    first: dict[Place, dict[int, datetime]] = {}
    for event in events:
        place = _place(event)
        if event.kind == Kind.CLICKED and event.by_person and event.link is not None:
            counts[place[0], domains[place], fate.CLICKED, event.link] += 1
            clicks.append((place[0], fate.CLICKED, event.at))
        bit = BITS.get(Kind(event.kind), 0)
        if bit and event.by_person is not False and not deliveries[place].fate & bit:
            known = first.setdefault(place, {}).setdefault(bit, event.at)
            first[place][bit] = min(known, event.at)
    for place, heard in first.items():
        for bit in heard:
            counts[place[0], domains[place], bit, -1] += 1
    _switch_on({place: sum(heard) for place, heard in first.items()})
    _add(counts)
    hours.add([*clicks, *hours.of_deliveries(first)])
    cohorts.note(first)
    _settle(events, deliveries)


def _count_unnamed(events: Iterable[Told]) -> None:
    """Count clicks of people on links; of no delivery and no domain, because nobody knows whose."""
    clicks = [
        event
        for event in events
        if event.dispatch_id and event.by_person and event.link is not None
    ]
    _add(Counter((event.dispatch_id or 0, "", fate.CLICKED, event.link or 0) for event in clicks))
    hours.add([(event.dispatch_id or 0, fate.CLICKED, event.at) for event in clicks])


def _domains(deliveries: dict[Place, Heard]) -> dict[Place, str]:
    """Return under which domain each delivery counts: its own where its dispatch has a lane for it."""
    ids = {reader for _dispatch, reader in deliveries}
    own = dict(Subscriber.objects.filter(pk__in=ids).values_list("pk", "domain"))
    lanes = {
        dispatch_id: set(
            Batch.objects.filter(dispatch_id=dispatch_id).values_list("lane", flat=True).distinct()
        )
        for dispatch_id in {dispatch for dispatch, _reader in deliveries}
    }
    return {
        place: own.get(place[1], "") if own.get(place[1], "") in lanes[place[0]] else ""
        for place in deliveries
    }


def _switch_on(news: dict[Place, int]) -> None:
    """Switch bits on: one statement for each dispatch and combination of bits."""
    together: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for (dispatch_id, reader), heard in news.items():
        if heard:
            together[dispatch_id, heard].append(reader)
    for (dispatch_id, heard), readers in sorted(together.items()):
        Delivery.objects.filter(dispatch_id=dispatch_id, subscriber_id__in=readers).update(
            fate=F("fate").bitor(heard)
        )


def _add(counts: Counter[Counted]) -> None:
    """Add to the counters, in one order, so that two folds never wait for each other crosswise."""
    if counts:
        with connection.cursor() as cursor:
            cursor.executemany(_ADD, [(*place, number) for place, number in sorted(counts.items())])


def _settle(events: Iterable[Told], deliveries: dict[Place, Heard]) -> None:
    """Settle unknown deliveries: whoever reports on a copy has taken it, or says that they did not."""
    taken: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for event in events:
        place = _place(event)
        if deliveries[place].outcome == UNKNOWN and event.kind != Kind.OTHER:
            outcome = REJECTED if event.kind == Kind.REJECTED else ACCEPTED
            taken[place[0], outcome].add(place[1])
    for (dispatch_id, outcome), readers in sorted(taken.items()):
        resolving.settle(dispatch_id, sorted(readers), outcome)
