"""Invented readers in great numbers, so that a desk, a dispatch or a query can be tried at size.

Before it: `manage.py make_readers`. After it: the audience, which cannot tell them from others. Each
has a consent record that says what it is; each address is at a domain that no mail can reach.
"""

import random
import secrets
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from subscribers import address, consent
from subscribers.models import (
    ConsentContext,
    ConsentRecord,
    Newsletter,
    Subscriber,
    Subscription,
)

_PORTION = 5000
BASIS = "invented by make_readers"
# Like real lists: a few large domains and a long tail. RFC 2606 keeps them from ever existing.
_LARGE = ("mail.example", "post.example", "inbox.example")
_SMALL_DOMAINS = 2000
_SHARE_LARGE = 0.7
# So many of a hundred left, are suppressed, paused, or read the digest.
_LEFT, _SUPPRESSED, _PAUSED, _DIGEST = 4, 2, 1, 3
_SPREAD_DAYS = 400


def make(newsletter: Newsletter, number: int, *, now: datetime) -> Iterator[int]:
    """Add so many readers of a newsletter; yields how many there are after each portion.

    What is made stays when it is stopped halfway; another call adds to it.
    """
    first = (Subscriber.objects.aggregate(at=Max("pk"))["at"] or 0) + 1
    # Not for secrets: two runs should look alike.
    source = random.Random(first)  # noqa: S311
    for begin in range(0, number, _PORTION):
        names = range(first + begin, first + min(begin + _PORTION, number))
        with transaction.atomic():
            _write(newsletter, names, source, now=now)
        yield len(names) + begin


def _write(
    newsletter: Newsletter, names: Sequence[int], source: random.Random, *, now: datetime
) -> None:
    readers = Subscriber.objects.bulk_create(
        _reader(name, newsletter, source, now=now) for name in names
    )
    subscriptions = [_subscription(each, newsletter, source, now=now) for each in readers]
    Subscription.objects.bulk_create(subscriptions)
    salt = secrets.token_bytes(16)
    mac = consent.context_mac(salt, ip="", user_agent="")
    records = ConsentRecord.objects.bulk_create(
        record for each in subscriptions for record in _records(each, mac)
    )
    ConsentContext.objects.bulk_create(
        ConsentContext(record=each, salt=salt, created_at=each.at) for each in records
    )


def _reader(
    name: int, newsletter: Newsletter, source: random.Random, *, now: datetime
) -> Subscriber:
    is_large = source.random() < _SHARE_LARGE
    small = f"d{source.randrange(_SMALL_DOMAINS)}.example"
    domain = source.choice(_LARGE) if is_large else small
    text = f"reader{name}@{domain}"
    return Subscriber(
        person=uuid.UUID(int=source.getrandbits(128), version=4),
        address=text,
        address_key=text,
        address_hash=address.address_hash(text),
        hash_key_id=address.hash_key_id(),
        domain=domain,
        name=f"Reader {name}",
        locale=newsletter.locale,
        created_at=now - timedelta(days=source.randrange(_SPREAD_DAYS), minutes=1),
    )


def _subscription(
    reader: Subscriber, newsletter: Newsletter, source: random.Random, *, now: datetime
) -> Subscription:
    drawn = source.randrange(100)
    made = Subscription(
        subscriber=reader, newsletter=newsletter, confirmed_at=reader.created_at, source={}
    )
    if drawn < _LEFT:
        made.state, made.unsubscribed_at = Subscription.State.UNSUBSCRIBED, now
    elif drawn < _LEFT + _SUPPRESSED:
        made.withheld = Subscription.Withheld.SUPPRESSED
    elif drawn < _LEFT + _SUPPRESSED + _PAUSED:
        made.paused_until = now.date() + timedelta(days=30)
    elif drawn < _LEFT + _SUPPRESSED + _PAUSED + _DIGEST:
        made.frequency = Subscription.Frequency.WEEKLY_DIGEST
    return made


def _records(subscription: Subscription, mac: bytes) -> Iterator[ConsentRecord]:
    """Yield what the ledger must know: that they agreed, and that some withdrew."""
    acts = [(ConsentRecord.Act.CONFIRMED, subscription.confirmed_at)]
    if subscription.unsubscribed_at:
        acts.append((ConsentRecord.Act.WITHDRAWN, subscription.unsubscribed_at))
    for act, at in acts:
        record = ConsentRecord(
            person=subscription.subscriber.person,
            newsletter_id=subscription.newsletter_id,
            act=act,
            basis=BASIS,
            locale=subscription.subscriber.locale,
            at=at,
            context_mac=mac,
        )
        record.sha256 = consent.record_hash(record)
        yield record
