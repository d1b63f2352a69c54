"""Invented readers in great numbers, so that a desk, a dispatch or a query can be tried at size.

Before it: `manage.py make_readers`. After it: the audience, which cannot tell them from others. Each
has a consent record that says what it is; each address is at a domain that no mail can reach.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction

from subscribers import address, bulk, crowd
from subscribers.crowd import Done, Fortune, Newcomer, Subscribed
from subscribers.models import ConsentRecord, Newsletter, Subscriber, Subscription

# In one transaction: enough that its commit costs nothing, few enough for any memory.
_PORTION = 20_000
_HANDS = 2
BASIS = "invented by make_readers"
# Like real lists: a few large domains and a long tail. RFC 2606 keeps them from ever existing.
_LARGE = ("mail.example", "post.example", "inbox.example")
_SMALL_DOMAINS = 2000
_SHARE_LARGE = 0.7
# So many of a hundred left, are suppressed, paused, or read the digest.
_LEFT, _SUPPRESSED, _PAUSED, _DIGEST = 4, 2, 1, 3
_SPREAD_DAYS = 400

# Plain words below: each value of an enumeration would be looked at by a dumper written in Python.
State, Withheld, Frequency = Subscription.State, Subscription.Withheld, Subscription.Frequency
Act = ConsentRecord.Act


class Invented(NamedTuple):
    """One reader who does not exist."""

    id: int
    person: str
    domain: str
    confirmed_at: datetime
    fortune: Fortune


def make(newsletter: Newsletter, number: int, *, now: datetime) -> Iterator[int]:
    """Add so many readers of a newsletter; yields how many there are after each portion.

    What is made stays when it is stopped halfway; another call adds to it. PostgreSQL is written to
    over several connections, so the newsletter has to be committed.
    """
    fortunes, made = _fortunes(now), 0
    days = [now - timedelta(days=each, minutes=1) for each in range(_SPREAD_DAYS)]
    sizes = [min(_PORTION, number - begin) for begin in range(0, number, _PORTION)]

    def portion(size: int) -> int:
        with transaction.atomic():
            readers = list(_invent(bulk.reserve_ids(Subscriber, size), days, fortunes))
            crowd.write_readers(map(_newcomer, readers), locale=newsletter.locale)
            subscribed = [Subscribed(each.id, each.confirmed_at, each.fortune) for each in readers]
            crowd.write_subscriptions(newsletter, subscribed, now=now)
            crowd.write_ledger(newsletter, list(_acts(readers)))
        return size

    for size in _side_by_side(portion, sizes):
        made += size
        yield made


def _side_by_side(portion: Callable[[int], int], sizes: Sequence[int]) -> Iterator[int]:
    """Write portions two at a time where the database takes them: one waits while the other invents."""
    if connection.vendor != "postgresql":
        # It has one writer at a time.
        yield from map(portion, sizes)
        return

    def apart(size: int) -> int:
        try:
            return portion(size)
        finally:
            # A thread has a connection of its own, which nobody else would close.
            connection.close()

    with ThreadPoolExecutor(_HANDS) as hands:
        yield from hands.map(apart, sizes)


def _fortunes(now: datetime) -> list[Fortune]:
    """Return a hundred fortunes, of which each reader draws one."""
    unlucky = [
        *[Fortune(state=State.UNSUBSCRIBED.value, unsubscribed_at=now)] * _LEFT,
        *[Fortune(withheld=Withheld.SUPPRESSED.value)] * _SUPPRESSED,
        *[Fortune(paused_until=now.date() + timedelta(days=30))] * _PAUSED,
        *[Fortune(frequency=Frequency.WEEKLY_DIGEST.value)] * _DIGEST,
    ]
    return unlucky + [Fortune()] * (100 - len(unlucky))


def _invent(
    ids: Sequence[int], days: Sequence[datetime], fortunes: Sequence[Fortune]
) -> Iterator[Invented]:
    source = random.Random(ids[0])  # noqa: S311  no secret: two runs should look alike
    chance = source.random
    for reader, person in zip(ids, crowd.persons(len(ids), source.randbytes), strict=True):
        yield Invented(
            id=reader,
            person=person,
            domain=_LARGE[int(chance() * len(_LARGE))]
            if chance() < _SHARE_LARGE
            else f"d{int(chance() * _SMALL_DOMAINS)}.example",
            confirmed_at=days[int(chance() * len(days))],
            fortune=fortunes[reader % len(fortunes)],
        )


def _newcomer(each: Invented) -> Newcomer:
    text = f"reader{each.id}@{each.domain}"
    name = f"Reader {each.id}"
    known_by = address.address_hash(text)
    return Newcomer(
        each.id, each.person, text, text, known_by, each.domain, name, each.confirmed_at
    )


def _acts(readers: Sequence[Invented]) -> Iterator[Done]:
    """Yield what the ledger must know: that they agreed, and that some withdrew."""
    confirmed, withdrawn = Act.CONFIRMED.value, Act.WITHDRAWN.value
    for each in readers:
        yield Done(each.person, confirmed, each.confirmed_at, BASIS)
        if each.fortune.unsubscribed_at:
            yield Done(each.person, withdrawn, each.fortune.unsubscribed_at, BASIS)
