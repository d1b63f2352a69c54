"""Makes a reader of somebody who proved a mailbox: subscriber, subscription, ledger entry, welcome.

Before it: `signup.confirm`. After it: the audience of the next issue.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Max

from subscribers import address, consent, outbox, series, suppression, tally
from subscribers.consent import Entry, Origin
from subscribers.models import (
    ConsentRecord,
    Outbox,
    SignupRequest,
    Subscriber,
    Subscription,
    Topic,
)


@dataclass(frozen=True, slots=True)
class Joined:
    """What a confirmation led to. `newly` is false for a second one; `welcome_id` is owed mail."""

    subscription: Subscription
    newly: bool
    welcome_id: int | None = None


def join(signup: SignupRequest, origin: Origin, *, now: datetime) -> Joined:
    """Subscribe the owner of a confirmed address; call it inside the confirming transaction."""
    reader, _ = Subscriber.objects.get_or_create(
        address_key=signup.address_key, defaults=_new_reader(signup, now=now)
    )
    subscription, newly = Subscription.objects.get_or_create(
        subscriber=reader,
        newsletter=signup.newsletter,
        defaults={"confirmed_at": now, "source": signup.source},
    )
    newly = newly or _return(subscription, now=now)
    if newly:
        tally.joined([subscription.pk], now=now)
    _follow(subscription, signup.topics, newly=newly)
    consent.record(
        Entry(
            person=reader.person,
            act=ConsentRecord.Act.CONFIRMED,
            at=now,
            newsletter_id=signup.newsletter_id,
            # What counts is the wording that was shown when the request was made.
            origin=replace(origin, notice=signup.notice),
        )
    )
    still_suppressed = suppression.lift_by_signup(signup.address_key, now=now)
    if not newly or still_suppressed:
        return Joined(subscription, newly=newly)
    series.begin(subscription, now=now)
    return Joined(subscription, newly=True, welcome_id=_owe_welcome(signup, reader, now=now))


def joined(signup: SignupRequest) -> Joined | None:
    """Return what an earlier confirmation led to; None when it is no longer there."""
    subscription = Subscription.objects.filter(
        subscriber__address_key=signup.address_key, newsletter=signup.newsletter
    ).first()
    return Joined(subscription, newly=False) if subscription else None


def proven_at(subscriber_id: int) -> datetime | None:
    """Return when a reader last proved the mailbox, or was let go by a person.

    Whoever is subscribed and confirms once more proves it as well; only the ledger knows of that.
    """
    reader = Subscriber.objects.filter(pk=subscriber_id).only("person", "address_key").first()
    if reader is None or not reader.address_key:
        return None
    active = reader.subscriptions.filter(state=Subscription.State.ACTIVE)
    acts = ConsentRecord.objects.filter(person=reader.person, act=ConsentRecord.Act.CONFIRMED)
    times = (
        active.aggregate(latest=Max("confirmed_at"))["latest"],
        acts.aggregate(latest=Max("at"))["latest"],
        suppression.history(reader.address_key).aggregate(latest=Max("lifted_at"))["latest"],
    )
    return max(filter(None, times), default=None)


def take_over(
    subscription: Subscription, reader: Subscriber, origin: Origin, *, now: datetime
) -> None:
    """Let a reader go on with another reader's subscription: both mailboxes are one person's."""
    taken, new = Subscription.objects.get_or_create(
        subscriber=reader,
        newsletter_id=subscription.newsletter_id,
        defaults={"confirmed_at": now},
    )
    if new or _return(taken, now=now):
        Subscription.objects.filter(pk=taken.pk).update(
            frequency=subscription.frequency, paused_until=subscription.paused_until
        )
        tally.joined([taken.pk], now=now)
        taken.topics.set(subscription.topics.all())
        consent.record(
            Entry(
                person=reader.person,
                act=ConsentRecord.Act.CONFIRMED,
                at=now,
                newsletter_id=subscription.newsletter_id,
                origin=replace(origin, form="address"),
            )
        )


def _follow(subscription: Subscription, slugs: Collection[str], *, newly: bool) -> None:
    """Take the topics of a signup over: none is all of them, in a signup and in a subscription.

    Who reads already loses nothing by signing up again: all topics stay all, chosen ones become more.
    """
    wanted = Topic.objects.filter(slug__in=slugs)
    if newly:
        subscription.topics.set(wanted)
    elif subscription.topics.exists():
        subscription.topics.add(*wanted)


def _return(subscription: Subscription, *, now: datetime) -> bool:
    """Make a subscription active again after an unsubscribe; False when it has been active."""
    left = Subscription.objects.filter(pk=subscription.pk, state=Subscription.State.UNSUBSCRIBED)
    returned = left.update(
        state=Subscription.State.ACTIVE,
        confirmed_at=now,
        unsubscribed_at=None,
        unsubscribe_reason="",
        paused_until=None,
    )
    return bool(returned)


def _owe_welcome(signup: SignupRequest, reader: Subscriber, *, now: datetime) -> int | None:
    row = outbox.owe(
        Outbox(
            purpose=Outbox.Purpose.WELCOME,
            dedupe_key=f"welcome:{signup.pk}",
            subscriber=reader,
            newsletter=signup.newsletter,
        ),
        now=now,
    )
    return row.pk if row else None


def _new_reader(signup: SignupRequest, *, now: datetime) -> dict[str, Any]:
    # The name is taken when a reader asked again and has moved to another address since.
    taken = Subscriber.objects.filter(person=signup.person).exists()
    return {
        "person": uuid.uuid4() if taken else signup.person,
        "address": signup.address,
        "address_hash": address.address_hash(signup.address_key),
        "hash_key_id": address.hash_key_id(),
        "domain": signup.address_key.rpartition("@")[2],
        "locale": signup.locale,
        "created_at": now,
    }
