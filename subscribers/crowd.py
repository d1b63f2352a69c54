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

_SUBSCRIBER = "id person address address_key address_hash domain name created_at".split()
_SUBSCRIPTION = (
    "subscriber_id confirmed_at state withheld frequency paused_until unsubscribed_at".split()
)
_RECORD = "id person act basis at sha256".split()
_CONTEXT = "record_id created_at".split()


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
    moment, person = bulk.moment_writer(), bulk.person_writer()
    same = {
        "hash_key_id": address.hash_key_id(),
        "locale": locale,
        "time_zone": "",
        "format": _HTML,
        "tracking_allowed": False,
        "attributes": "{}",
    }
    rows = (
        (pk, person(name), *told, moment(created_at)) for pk, name, *told, created_at in newcomers
    )
    bulk.insert(Subscriber, _SUBSCRIBER, rows, same=same)


def write_subscriptions(
    newsletter: Newsletter, subscribed: Sequence[Subscribed], *, now: datetime
) -> None:
    """Insert subscriptions, and count them. Raises: IntegrityError when one is there already."""
    moment = bulk.moment_writer()

    @cache
    def columns(fortune: Fortune) -> bulk.Row:
        left_at = fortune.unsubscribed_at
        return (*fortune[:-1], moment(left_at) if left_at else None)

    bulk.insert(
        Subscription,
        _SUBSCRIPTION,
        ((reader, moment(at), *columns(fortune)) for reader, at, fortune in subscribed),
        same={"newsletter_id": newsletter.pk, "unsubscribe_reason": "", "source": "{}"},
    )
    # Days are what is counted: all who confirmed on one are alike, whatever the hour.
    days: dict[date, datetime] = {}
    alike: Counter[tuple[Fortune, datetime]] = Counter()
    for _reader, at, fortune in subscribed:
        alike[fortune, days.setdefault(tally.day_of(at), at)] += 1
    tally.begun(
        (
            (
                tally.Stand(newsletter.pk, each.state, each.withheld, at, each.unsubscribed_at, {}),
                how_many,
            )
            for (each, at), how_many in alike.items()
        ),
        now=now,
    )


def write_ledger(newsletter: Newsletter, acts: Sequence[Done], *, form: str = "") -> None:
    """Write what people did into the ledger. Nobody's network or browser is known of it."""
    moment, stored = bulk.moment_writer(), bulk.person_writer()
    salt = secrets.token_bytes(consent.SALT_BYTES)
    mac = consent.context_mac(salt, ip="", user_agent="")
    like = ConsentRecord(person=uuid4(), form=form, locale=newsletter.locale, context_mac=mac)
    like.newsletter_id = newsletter.pk

    @cache
    def alike(act: str, at: datetime) -> tuple[str, Callable[[str, str], bytes]]:
        like.act, like.at = act, at
        return moment(at), consent.hashes_like(like)

    def record(pk: int, done: Done) -> bulk.Row:
        person, act, at, basis = done
        told, sha256 = alike(act, at)
        return (pk, stored(person), act, basis, told, sha256(person, basis))

    ids = bulk.reserve_ids(ConsentRecord, len(acts))
    same = {"newsletter_id": newsletter.pk, "page": "", "form": form, "locale": newsletter.locale}
    bulk.insert(ConsentRecord, _RECORD, map(record, ids, acts), same=same | {"context_mac": mac})
    contexts = ((pk, alike(act, at)[0]) for pk, (_, act, at, _) in zip(ids, acts, strict=True))
    bulk.insert(ConsentContext, _CONTEXT, contexts, same={"ip": "", "user_agent": "", "salt": salt})
