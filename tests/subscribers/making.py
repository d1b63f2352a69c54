"""Makes the rows that tests about people begin with, and the noise that a missing filter would find."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from django.db import transaction

from subscribers import address, bulk, consent, crowd, signup
from subscribers.address import Address
from subscribers.crowd import Fortune, Newcomer, Subscribed
from subscribers.models import ConsentNotice, Newsletter, SignupRequest, Subscriber, Subscription
from subscribers.signup import Wish

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
# The tests write to the same few people again and again.
_parsed = cache(address.parse)


def notice(kind: str = "signup", **values: Any) -> ConsentNotice:
    """Publish a wording."""
    about: dict[str, Any] = {
        "version": 1,
        "locale": "en",
        "text": f"The {kind} wording. See our [privacy policy](/privacy/).\n",
        "now": NOW,
    } | values
    return consent.publish_notice(kind, **about)


def newsletter(slug: str = "the-robotics-briefing", **values: Any) -> Newsletter:
    """Make a newsletter, the one that ships unless told otherwise."""
    about = {
        "name": "The Robotics Briefing",
        "tagline": "Weekly intelligence on automation, regulation, and investment trends.",
        "promise": "No spam. Unsubscribe anytime. Read our privacy policy for details.",
        "from_name": "The Robotics Briefing",
        "from_address": "briefing@robotics-briefing.example",
        "postal_address": "1 Example Street, 10115 Berlin, Germany",
    } | values
    found = Newsletter.objects.filter(slug=slug).first()
    return found or Newsletter.objects.create(slug=slug, **about)


def subscriber(typed: str, **values: Any) -> Subscriber:
    """Make a reader with no subscription."""
    parsed = _parsed(typed)
    about = {
        "address": parsed.text,
        "address_key": parsed.key,
        "address_hash": address.address_hash(parsed.key),
        "hash_key_id": address.hash_key_id(),
        "domain": parsed.domain,
        "created_at": NOW,
    } | values
    return Subscriber.objects.create(**about)


def subscription(typed: str, to: Newsletter | None = None, **values: Any) -> Subscription:
    """Make a reader of a newsletter; the reader is found again by address."""
    key = _parsed(typed).key
    reader = Subscriber.objects.filter(address_key=key).first() or subscriber(typed)
    about = {"confirmed_at": NOW} | values
    return Subscription.objects.create(subscriber=reader, newsletter=to or newsletter(), **about)


def noise() -> Newsletter:
    """Make another newsletter with readers in every state; no test's own rule may touch them."""
    other = newsletter("another-letter", name="Another Letter")
    fortunes = {
        "noise.active@example.org": Fortune(),
        "noise.left@example.org": Fortune(state="unsubscribed", unsubscribed_at=NOW),
        "noise.suppressed@example.org": Fortune(withheld="suppressed"),
        "noise.paused@example.org": Fortune(paused_until=date(2099, 1, 1)),
    }
    crowd_of(other, fortunes)
    subscriber("noise.alone@example.org")
    return other


def crowd_of(to: Newsletter, fortunes: Mapping[str, Fortune]) -> list[Newcomer]:
    """Make readers of a newsletter all at once, as an import does; nobody asks who is there."""
    with transaction.atomic():
        ids = bulk.reserve_ids(Subscriber, len(fortunes))
        people = crowd.persons(len(fortunes))
        made = [
            _newcomer(*about) for about in zip(ids, people, map(_parsed, fortunes), strict=True)
        ]
        crowd.write_readers(made, locale=to.locale)
        subscribed = [
            Subscribed(each, NOW, fortune)
            for each, fortune in zip(ids, fortunes.values(), strict=True)
        ]
        crowd.write_subscriptions(to, subscribed, now=NOW)
    return made


def _newcomer(pk: int, person: str, parsed: Address) -> Newcomer:
    known_by = address.address_hash(parsed.key)
    return Newcomer(pk, person, parsed.text, parsed.key, known_by, parsed.domain, "", NOW)


def wish(typed: str, **values: Any) -> Wish:
    """Return what a form hands on."""
    about: dict[str, Any] = {
        "address": _parsed(typed),
        "newsletter": newsletter(),
        "origin": values.pop("origin", None) or origin(),
    } | values
    return Wish(**about)


def origin() -> consent.Origin:
    """Return where an article's box stands, and what it showed."""
    return consent.Origin(
        notice=notice(), page="/x/", form="box", locale="en", ip="192.0.2.0", user_agent="UA"
    )


def pending(typed: str, *, now: datetime = NOW, **values: Any) -> SignupRequest:
    """Make a request whose confirmation is owed."""
    asked = signup.request(wish(typed, **values), now=now)
    signup.work(asked.pk, now=now)
    asked.refresh_from_db()
    return asked


def confirmed(typed: str, *, now: datetime = NOW, **values: Any) -> Subscription:
    """Make a reader by the rules: request, confirmation, subscription, ledger."""
    asked = pending(typed, now=now, **values)
    clicked = consent.Origin(form="confirm", locale="en")
    return signup.confirm(asked.pk, origin=clicked, now=now).subscription
