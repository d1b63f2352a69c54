"""Invented readers in great numbers, so that a desk, a dispatch or a query can be tried at size.

Before it: `manage.py make_readers`. After it: the audience, which cannot tell them from others. Each
has a consent record that says what it is; each address is at a domain that no mail can reach.
"""

import random
import secrets
import uuid
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import transaction

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
BASIS = "invented by make_readers"
# Like real lists: a few large domains and a long tail. RFC 2606 keeps them from ever existing.
_LARGE = ("mail.example", "post.example", "inbox.example")
_SMALL_DOMAINS = 2000
_SHARE_LARGE = 0.7
# So many of a hundred left, are suppressed, paused, or read the digest.
_LEFT, _SUPPRESSED, _PAUSED, _DIGEST = 4, 2, 1, 3
_SPREAD_DAYS = 400

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

    state: str = State.ACTIVE
    withheld: str = Withheld.NOT
    frequency: str = Frequency.EVERY_ISSUE
    paused_until: date | None = None
    unsubscribed_at: datetime | None = None


class Invented(NamedTuple):
    """One reader who does not exist."""

    id: int
    person: uuid.UUID
    domain: str
    confirmed_at: datetime
    fortune: Fortune


def make(newsletter: Newsletter, number: int, *, now: datetime) -> Iterator[int]:
    """Add so many readers of a newsletter; yields how many there are after each portion.

    What is made stays when it is stopped halfway; another call adds to it.
    """
    fortunes, made = _fortunes(now), 0
    days = [now - timedelta(days=number, minutes=1) for number in range(_SPREAD_DAYS)]
    while made < number:
        size = min(_PORTION, number - made)
        with transaction.atomic():
            ids = bulk.reserve_ids(Subscriber, size)
            source = random.Random(ids[0])  # noqa: S311  no secret: two runs should look alike
            readers = [_invent(each, source, days, fortunes) for each in ids]
            _write(newsletter, readers)
            _write_ledger(newsletter, readers)
            tally.begun(_stands(newsletter, readers), now=now)
        made += size
        yield made


def _fortunes(now: datetime) -> list[Fortune]:
    """Return a hundred fortunes, of which each reader draws one."""
    unlucky = [
        *[Fortune(state=State.UNSUBSCRIBED, unsubscribed_at=now)] * _LEFT,
        *[Fortune(withheld=Withheld.SUPPRESSED)] * _SUPPRESSED,
        *[Fortune(paused_until=now.date() + timedelta(days=30))] * _PAUSED,
        *[Fortune(frequency=Frequency.WEEKLY_DIGEST)] * _DIGEST,
    ]
    return unlucky + [Fortune()] * (100 - len(unlucky))


def _invent(
    reader: int, source: random.Random, days: Sequence[datetime], fortunes: Sequence[Fortune]
) -> Invented:
    chance = source.random
    return Invented(
        id=reader,
        person=uuid.UUID(int=source.getrandbits(128), version=4),
        domain=_LARGE[int(chance() * len(_LARGE))]
        if chance() < _SHARE_LARGE
        else f"d{int(chance() * _SMALL_DOMAINS)}.example",
        confirmed_at=days[int(chance() * len(days))],
        fortune=fortunes[int(chance() * len(fortunes))],
    )


def _write(newsletter: Newsletter, readers: Sequence[Invented]) -> None:
    key_id, locale = address.hash_key_id(), newsletter.locale

    def subscriber(each: Invented) -> bulk.Row:
        text = f"reader{each.id}@{each.domain}"
        named = (each.domain, f"Reader {each.id}", locale, "", Subscriber.Format.HTML)
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
    # One row in memory says each act in turn: building a million of them would take longer.
    said = ConsentRecord(
        newsletter_id=newsletter.pk, basis=BASIS, locale=newsletter.locale, context_mac=mac
    )
    acts = list(_acts(readers))

    def record(number: int, act: tuple[uuid.UUID, str, datetime]) -> bulk.Row:
        said.person, said.act, said.at = act
        constant = ("", "", said.locale, BASIS)
        told = (*act[:2], newsletter.pk, *constant, said.at, mac)
        return (number, *told, consent.record_hash(said))

    ids = bulk.reserve_ids(ConsentRecord, len(acts))
    bulk.insert(ConsentRecord, _RECORD, map(record, ids, acts))
    contexts = ((number, "", "", salt, at) for number, (_, _, at) in zip(ids, acts, strict=True))
    bulk.insert(ConsentContext, _CONTEXT, contexts)


def _stands(newsletter: Newsletter, readers: Sequence[Invented]) -> Iterator[tally.Stand]:
    for each in readers:
        fortune, at = each.fortune, each.confirmed_at
        yield tally.Stand(
            newsletter.pk, fortune.state, fortune.withheld, at, fortune.unsubscribed_at, {}
        )


def _acts(readers: Sequence[Invented]) -> Iterator[tuple[uuid.UUID, str, datetime]]:
    for each in readers:
        yield each.person, Act.CONFIRMED, each.confirmed_at
        if each.fortune.unsubscribed_at:
            yield each.person, Act.WITHDRAWN, each.fortune.unsubscribed_at
