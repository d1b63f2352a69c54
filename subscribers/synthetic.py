"""Invented readers in great numbers, so that a desk, a dispatch or a query can be tried at size.

Before it: `manage.py make_readers`. After it: the audience, which cannot tell them from others. Each
has a consent record that says what it is; each address is at a domain that no mail can reach.
"""

import random
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from functools import cache
from typing import NamedTuple
from uuid import uuid4

from django.db import connection, transaction

from subscribers import address, bulk, consent, tally
from subscribers.models import (
    ConsentContext,
    ConsentRecord,
    Newsletter,
    Subscriber,
    Subscription,
)

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

_SUBSCRIBER = (
    "id person address address_key address_hash hash_key_id domain name locale time_zone format "
    "tracking_allowed attributes created_at".split()
)
_SUBSCRIPTION = (
    "subscriber_id newsletter_id confirmed_at unsubscribe_reason source "
    "state withheld frequency paused_until unsubscribed_at".split()
)
_RECORD = "id person act newsletter_id page form locale basis at context_mac sha256".split()
_CONTEXT = "record_id ip user_agent salt created_at".split()


class Fortune(NamedTuple):
    """What became of a subscription, in the order of its columns."""

    state: str = State.ACTIVE.value
    withheld: str = Withheld.NOT.value
    frequency: str = Frequency.EVERY_ISSUE.value
    paused_until: date | None = None
    unsubscribed_at: datetime | None = None


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
            _write(newsletter, readers)
            _write_ledger(newsletter, readers)
            tally.begun(_stands(newsletter, readers), now=now)
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
    persons = source.randbytes(16 * len(ids)).hex()
    for at, reader in enumerate(ids):
        digits = persons[32 * at : 32 * at + 32]
        yield Invented(
            id=reader,
            # RFC 9562, section 5.4: a version and a variant among random digits.
            person=f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}",
            domain=_LARGE[int(chance() * len(_LARGE))]
            if chance() < _SHARE_LARGE
            else f"d{int(chance() * _SMALL_DOMAINS)}.example",
            confirmed_at=days[int(chance() * len(days))],
            fortune=fortunes[reader % len(fortunes)],
        )


def _write(newsletter: Newsletter, readers: Sequence[Invented]) -> None:
    key_id, locale = address.hash_key_id(), newsletter.locale
    html = Subscriber.Format.HTML.value

    def subscriber(each: Invented) -> bulk.Row:
        text = f"reader{each.id}@{each.domain}"
        named = (each.domain, f"Reader {each.id}", locale, "", html)
        hashed = (address.address_hash(text), key_id)
        return (each.id, each.person, text, text, *hashed, *named, False, "{}", each.confirmed_at)

    bulk.insert(Subscriber, _SUBSCRIBER, map(subscriber, readers))
    bulk.insert(
        Subscription,
        _SUBSCRIPTION,
        ((each.id, newsletter.pk, each.confirmed_at, "", "{}", *each.fortune) for each in readers),
    )


def _write_ledger(newsletter: Newsletter, readers: Sequence[Invented]) -> None:
    """Write what the ledger must know: that they agreed, and that some withdrew."""
    salt = secrets.token_bytes(16)
    mac = consent.context_mac(salt, ip="", user_agent="")
    locale = newsletter.locale

    @cache
    def hashes(act: str, at: datetime) -> Callable[[str], bytes]:
        row = ConsentRecord(act=act, at=at, person=uuid4(), basis=BASIS, context_mac=mac)
        row.newsletter_id, row.locale = newsletter.pk, locale
        return consent.hashes_like(row)

    def record(number: int, person: str, act: str, at: datetime) -> bulk.Row:
        constant = (newsletter.pk, "", "", locale, BASIS)
        return (number, person, act, *constant, at, mac, hashes(act, at)(person))

    acts = list(_acts(readers))
    ids = bulk.reserve_ids(ConsentRecord, len(acts))
    numbered = list(zip(ids, acts, strict=True))
    bulk.insert(ConsentRecord, _RECORD, (record(number, *act) for number, act in numbered))
    contexts = ((number, "", "", salt, at) for number, (_person, _act, at) in numbered)
    bulk.insert(ConsentContext, _CONTEXT, contexts)


def _stands(
    newsletter: Newsletter, readers: Sequence[Invented]
) -> Iterator[tuple[tally.Stand, int]]:
    alike = Counter((each.fortune, each.confirmed_at) for each in readers)
    for (fortune, at), number in alike.items():
        left_at = fortune.unsubscribed_at
        stand = tally.Stand(newsletter.pk, fortune.state, fortune.withheld, at, left_at, {})
        yield stand, number


def _acts(readers: Sequence[Invented]) -> Iterator[tuple[str, str, datetime]]:
    confirmed, withdrawn = Act.CONFIRMED.value, Act.WITHDRAWN.value
    for each in readers:
        yield each.person, confirmed, each.confirmed_at
        if each.fortune.unsubscribed_at:
            yield each.person, withdrawn, each.fortune.unsubscribed_at
