"""Makes the rows that tests about people begin with, and the noise that a missing filter would find."""

from datetime import UTC, datetime
from typing import Any

from subscribers import address, consent, signup
from subscribers.models import ConsentNotice, Newsletter, SignupRequest, Subscriber, Subscription
from subscribers.signup import Wish

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


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
    return Newsletter.objects.get_or_create(slug=slug, defaults=about)[0]


def subscriber(typed: str, **values: Any) -> Subscriber:
    """Make a reader with no subscription."""
    parsed = address.parse(typed)
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
    key = address.parse(typed).key
    reader = Subscriber.objects.filter(address_key=key).first() or subscriber(typed)
    about = {"confirmed_at": NOW} | values
    return Subscription.objects.create(subscriber=reader, newsletter=to or newsletter(), **about)


def noise() -> Newsletter:
    """Make another newsletter with readers in every state; no test's own rule may touch them."""
    other = newsletter("another-letter", name="Another Letter")
    subscription("noise.active@example.org", other)
    subscription("noise.left@example.org", other, state="unsubscribed", unsubscribed_at=NOW)
    subscription("noise.suppressed@example.org", other, withheld="suppressed")
    subscription("noise.paused@example.org", other, paused_until="2099-01-01")
    subscriber("noise.alone@example.org")
    return other


def wish(typed: str, **values: Any) -> Wish:
    """Return what a form hands on."""
    about: dict[str, Any] = {
        "address": address.parse(typed),
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
