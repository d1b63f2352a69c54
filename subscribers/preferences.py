"""What a reader decides alone: topics, how often, a pause, language, format, and being counted.

Before it: the preferences page. After it: the audience and the edition variants. Every change
updates the subscription row as well, which is what orders it against a dispatch that is running.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db import transaction

from subscribers import consent
from subscribers.consent import Entry, NoticeMissingError, Origin
from subscribers.models import ConsentRecord, Subscriber, Subscription, Topic

LONGEST_PAUSE = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Choices:
    """Everything the preferences page can say. `topics` are slugs; none means all."""

    topics: tuple[str, ...]
    frequency: str
    paused_until: date | None
    locale: str
    time_zone: str
    format: str
    tracking_allowed: bool


def choose(subscription: Subscription, choices: Choices, *, origin: Origin, now: datetime) -> None:
    """Take a reader's choices over; tracking also goes into the consent ledger when it changes."""
    with transaction.atomic():
        rows = Subscription.objects.filter(pk=subscription.pk)
        # Whoever is erased while the page lies open has nothing left to choose.
        if not rows.exclude(withheld=Subscription.Withheld.ERASED).update(
            frequency=choices.frequency, paused_until=_pause(choices.paused_until, now=now)
        ):
            return
        subscription.topics.set(Topic.objects.filter(slug__in=choices.topics))
        Subscriber.objects.filter(pk=subscription.subscriber_id, erased_at=None).update(
            locale=choices.locale, time_zone=choices.time_zone, format=choices.format
        )
        _set_tracking(subscription, choices, origin, now=now)


def _set_tracking(
    subscription: Subscription, choices: Choices, origin: Origin, *, now: datetime
) -> None:
    shown = _shown(origin)
    # Nobody can grant what no published wording has asked them for; withdrawing needs none.
    wanted = choices.tracking_allowed and shown.notice is not None
    person = subscription.subscriber.person
    if wanted and consent.is_often(person, form=origin.form, now=now):
        return
    # The UPDATE decides whether this changes anything, so two clicks are one act.
    changed = Subscriber.objects.filter(
        pk=subscription.subscriber_id, tracking_allowed=not wanted, erased_at=None
    ).update(tracking_allowed=wanted)
    if changed:
        act = ConsentRecord.Act
        consent.record(
            Entry(
                person=person,
                act=act.TRACKING_GRANTED if wanted else act.TRACKING_WITHDRAWN,
                at=now,
                newsletter_id=subscription.newsletter_id,
                origin=shown,
            )
        )


def _shown(origin: Origin) -> Origin:
    """Name the tracking wording that the page showed, where one is published."""
    try:
        return replace(origin, notice=consent.current_notice("tracking", locale=origin.locale))
    except NoticeMissingError:
        return replace(origin, notice=None)


def _pause(until: date | None, *, now: datetime) -> date | None:
    """Return the pause to keep: one that is over is none, and none lasts longer than a year."""
    if until is None or until <= now.date():
        return None
    return min(until, (now + LONGEST_PAUSE).date())
