"""Writes very many readers at once: their rows, their subscriptions, the ledger, the tallies.

Before it: an import, or `synthetic`, which decide who they are. After it: the audience. Nobody is
looked up here and nobody is asked; call it inside the transaction that decided.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from functools import cache
from typing import NamedTuple
from uuid import uuid4

from subscribers import address, bulk, consent, tally
from subscribers.models import (
    ConsentContext,
    ConsentRecord,
    Newsletter,
    Subscriber,
    Subscription,
)

# Plain words: each value of an enumeration would be looked at by a dumper written in Python.
_ACTIVE = Subscription.State.ACTIVE.value
_NOT_WITHHELD = Subscription.Withheld.NOT.value
_EVERY_ISSUE = Subscription.Frequency.EVERY_ISSUE.value
_HTML = Subscriber.Format.HTML.value

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


class Newcomer(NamedTuple):
    """A reader who is not there yet. `person` is as UUIDs are written, small letters with hyphens."""

    id: int
    person: str
    address: str
    key: str
    address_hash: bytes
    domain: str
    name: str
    created_at: datetime


class Fortune(NamedTuple):
    """What became of a subscription, in the order of its columns."""

    state: str = _ACTIVE
    withheld: str = _NOT_WITHHELD
    frequency: str = _EVERY_ISSUE
    paused_until: date | None = None
    unsubscribed_at: datetime | None = None


class Subscribed(NamedTuple):
    """A subscription that is not there yet."""

    subscriber_id: int
    confirmed_at: datetime
    fortune: Fortune = Fortune()


class Done(NamedTuple):
    """One act of one person, for the ledger."""

    person: str
    act: str
    at: datetime
    basis: str


def persons(number: int, of: Callable[[int], bytes] = secrets.token_bytes) -> list[str]:
    """Return so many new random names for the ledger, made of the bytes of one source."""
    digits = of(16 * number).hex()
    return [
        # RFC 9562, section 5.4: a version and a variant among random digits.
        f"{digits[at : at + 8]}-{digits[at + 8 : at + 12]}-4{digits[at + 13 : at + 16]}"
        f"-a{digits[at + 17 : at + 20]}-{digits[at + 20 : at + 32]}"
        for at in range(0, 32 * number, 32)
    ]


def write_readers(newcomers: Iterable[Newcomer], *, locale: str) -> None:
    """Insert readers. Raises: IntegrityError when an address is taken."""
    key_id = address.hash_key_id()

    def row(each: Newcomer) -> bulk.Row:
        about = (each.domain, each.name, locale, "", _HTML, False, "{}", each.created_at)
        return (each.id, each.person, each.address, each.key, each.address_hash, key_id, *about)

    bulk.insert(Subscriber, _SUBSCRIBER, map(row, newcomers))


def write_subscriptions(
    newsletter: Newsletter, subscribed: Sequence[Subscribed], *, now: datetime
) -> None:
    """Insert subscriptions, and count them. Raises: IntegrityError when one is there already."""
    number = newsletter.pk
    bulk.insert(
        Subscription,
        _SUBSCRIPTION,
        ((reader, number, at, "", "{}", *fortune) for reader, at, fortune in subscribed),
    )
    # Days are what is counted: all who confirmed on one are alike, whatever the hour.
    days: dict[date, datetime] = {}
    alike: Counter[tuple[Fortune, datetime]] = Counter()
    for _reader, at, fortune in subscribed:
        alike[fortune, days.setdefault(tally.day_of(at), at)] += 1
    tally.begun(
        (
            (tally.Stand(number, each.state, each.withheld, at, each.unsubscribed_at, {}), how_many)
            for (each, at), how_many in alike.items()
        ),
        now=now,
    )


def write_ledger(newsletter: Newsletter, acts: Sequence[Done], *, form: str = "") -> None:
    """Write what people did into the ledger. Nobody's network or browser is known of it."""
    salt = secrets.token_bytes(consent.SALT_BYTES)
    mac = consent.context_mac(salt, ip="", user_agent="")
    number, locale = newsletter.pk, newsletter.locale
    like = ConsentRecord(person=uuid4(), form=form, locale=locale, context_mac=mac)
    like.newsletter_id = number

    @cache
    def hashes(act: str, at: datetime, basis: str) -> Callable[[str], bytes]:
        like.act, like.at, like.basis = act, at, basis
        return consent.hashes_like(like)

    def record(pk: int, done: Done) -> bulk.Row:
        person, act, at, basis = done
        sha256 = hashes(act, at, basis)(person)
        return (pk, person, act, number, "", form, locale, basis, at, mac, sha256)

    ids = bulk.reserve_ids(ConsentRecord, len(acts))
    bulk.insert(ConsentRecord, _RECORD, map(record, ids, acts))
    contexts = ((pk, "", "", salt, done.at) for pk, done in zip(ids, acts, strict=True))
    bulk.insert(ConsentContext, _CONTEXT, contexts)
