"""Gives each new reader the steps of a welcome series: in order, each once, at its day.

Before it: `joining`, which begins it, and `steps`, which lays it out. After it: the outbox, in which
each step is a mail like any other, but one that is never handed over a second time.
"""

import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, QuerySet

from subscribers import outbox, ports
from subscribers.models import (
    Newsletter,
    Outbox,
    SeriesMail,
    SeriesPlace,
    SeriesStep,
    Subscription,
)

Outcome = SeriesMail.Outcome

# A mail that is later than this is no welcome any more: it is passed over.
TOO_LATE = timedelta(days=14)
# Of steps that come due together, after a pause for one, each has a day of its own.
APART = timedelta(hours=20)
# For readers who name a zone; for the others it is the hour at which they confirmed.
MORNING = clock(8)
_COUNTS_AS_LEAVING = timedelta(days=30)
_TOMORROW = timedelta(days=1)
_SOON = timedelta(minutes=30)


def steps_of(newsletter_id: int) -> QuerySet[SeriesStep]:
    """Return the steps of a newsletter's series in their order."""
    return SeriesStep.objects.filter(newsletter=newsletter_id, removed_at=None).order_by("day")


def begin(subscription: Subscription, *, now: datetime) -> None:
    """Begin the series for somebody who has just confirmed, if there is one.

    Whoever comes back goes on behind what they have had. Call it inside the confirming transaction.
    """
    newsletter = subscription.newsletter
    if newsletter.series_on:
        SeriesPlace.objects.update_or_create(
            subscription=subscription, newsletter=newsletter, defaults={"next_at": now}
        )


def owe_due(*, now: datetime, limit: int, until: float = float("inf")) -> list[int]:
    """Owe every step whose time has come; return the ids of the mails that are owed because of it.

    Safe to run twice, and by two at once: a reader's place is looked at under the lock of the
    subscription, and a step is one row. `until` is when to stop by the monotonic clock.
    """
    owed: list[int] = []
    if ports.publishing().held():
        return owed
    for newsletter_id in Newsletter.objects.filter(series_on=True).values_list("pk", flat=True):
        steps = list(steps_of(newsletter_id))
        places = SeriesPlace.objects.filter(newsletter=newsletter_id, next_at__lte=now)
        due = places.order_by("next_at").values_list("subscription_id", flat=True)[:limit]
        for subscription_id in due:
            if time.monotonic() >= until:
                return owed
            owed += _go_on(subscription_id, steps, now=now)
    return owed


def may_leave(row: Outbox, *, now: datetime) -> bool:
    """Decide at the last moment, under the lock that orders it against every withdrawal.

    Whoever withdrew before this commits gets nothing; whoever does later was being written to. What
    does not go is not owed any more, and the reader's place is back before it.
    """
    with transaction.atomic():
        subscription = _locked(row.step.place.subscription_id) if row.step else None
        if row.step is None or subscription is None or not outbox.is_held_by(row):
            return False
        place, step = row.step.place, row.step.step
        newsletter = subscription.newsletter
        held = bool(ports.publishing().held())
        stands = newsletter.series_on and step.removed_at is None and not held
        if stands and _is_there(subscription, now=now):
            return True
        row.step.delete()
        had = place.mails.order_by("-at", "-pk").select_related("step").first()
        place.reached = had.step.day if had else 0
        place.next_at = now + (_TOMORROW if stands else timedelta(0))
        place.save(update_fields=["reached", "next_at"])
    return False


def settle(row: Outbox, state: Outbox.State) -> None:
    """Write down how a step ended, and count it; call it where the outbox's row is settled."""
    if row.step_id is None or state.value not in Outcome.values:
        return
    mail = SeriesMail.objects.filter(pk=row.step_id)
    if mail.filter(outcome=Outcome.OWED).update(outcome=state.value):
        steps = SeriesStep.objects.filter(mails__in=mail)
        steps.update(**{state.value: F(state.value) + 1})


def list_lost(*, now: datetime) -> int:
    """List as unknown what a worker was handing over when it died; return how many.

    It may have arrived: nothing of it is sent again. Safe to run twice because a row has one end.
    """
    lost = outbox.lost(now=now)
    for row in lost:
        with transaction.atomic():
            if outbox.settle(row, Outbox.State.UNKNOWN, code="worker lost", now=now):
                settle(row, Outbox.State.UNKNOWN)
    return len(lost)


def left(subscription_ids: Collection[int], *, now: datetime) -> None:
    """Count readers who have just unsubscribed for the step after which they did."""
    places = SeriesPlace.objects.filter(subscription__in=subscription_ids)
    for place in places:
        # What has not gone, or was refused, is nobody's reason.
        received = place.mails.exclude(outcome__in=[Outcome.OWED, Outcome.REJECTED])
        last = received.order_by("-at", "-pk").first()
        if last and last.at > now - _COUNTS_AS_LEAVING:
            SeriesStep.objects.filter(pk=last.step_id).update(left=F("left") + 1)


def look_again(newsletter_id: int, *, now: datetime) -> None:
    """Let the next round look where readers stand, because days have changed.

    Also where readers stand who were at its end and for whom something may follow now.
    """
    places = SeriesPlace.objects.filter(newsletter=newsletter_id)
    places.filter(next_at__gt=now).update(next_at=now)
    last = steps_of(newsletter_id).last()
    if last:
        young = places.filter(subscription__confirmed_at__gt=now - timedelta(days=last.day))
        young.filter(next_at=None, reached__lt=last.day).update(next_at=now)


def doubt(*, now: datetime) -> int:
    """List as unknown what came due and may have gone out before a backup was brought back.

    Nothing of it is sent: the lost copy may have done so. Returns how many readers that concerns.
    """
    for row in outbox.unsettled_once():
        with transaction.atomic():
            if outbox.doubt(row, now=now):
                settle(row, Outbox.State.UNKNOWN)
    due = SeriesPlace.objects.filter(next_at__lte=now).order_by("pk")
    found = list(due.values_list("subscription_id", "newsletter_id"))
    rows = {newsletter: list(steps_of(newsletter)) for _, newsletter in found}
    return sum(_doubt(pk, rows[newsletter], now=now) for pk, newsletter in found)


def history(subscriber_id: int) -> QuerySet[SeriesMail]:
    """Return what a reader was given, oldest first."""
    mails = SeriesMail.objects.filter(place__subscription__subscriber=subscriber_id)
    return mails.select_related("step__newsletter").order_by("at", "pk")


def forget(subscriber_id: int) -> None:
    """Delete where a reader stands and what they were given; the steps' counts stay."""
    SeriesPlace.objects.filter(subscription__subscriber=subscriber_id).delete()


def due_at(subscription: Subscription, day: int) -> datetime:
    """Return when a reader's step of that day is due, in UTC."""
    confirmed, zone = subscription.confirmed_at, _zone(subscription.subscriber.time_zone)
    if zone is None:
        return confirmed + timedelta(days=day)
    date = confirmed.astimezone(zone).date() + timedelta(days=day)
    return datetime.combine(date, MORNING, zone).astimezone(UTC)


def _go_on(subscription_id: int, steps: Sequence[SeriesStep], *, now: datetime) -> list[int]:
    with transaction.atomic():
        subscription = _locked(subscription_id)
        place = SeriesPlace.objects.filter(subscription=subscription_id, next_at__lte=now).first()
        if subscription is None or place is None:
            return []
        had = list(place.mails.all())
        if any(mail.outcome == Outcome.OWED for mail in had):
            # In order: what was given before is still on its way.
            return _wait(place, until=now + _SOON)
        rest = _rest(place, subscription, steps, had, now=now)
        if not rest:
            return _wait(place, until=None)
        at = max([due_at(subscription, rest[0].day), *(mail.at + APART for mail in had)])
        if at > now:
            return _wait(place, until=at)
        if not _is_there(subscription, now=now):
            # Tomorrow they may be there again; what is too late by then is passed over.
            return _wait(place, until=now + _TOMORROW)
        mail = _give(place, subscription, rest, now=now)
        row = outbox.owe(
            Outbox(
                purpose=Outbox.Purpose.STEP,
                dedupe_key=f"step:{mail.pk}",
                subscriber_id=subscription.subscriber_id,
                newsletter_id=subscription.newsletter_id,
                step=mail,
            ),
            now=now,
        )
    return [row.pk] if row else []


def _doubt(subscription_id: int, steps: Sequence[SeriesStep], *, now: datetime) -> bool:
    """Pass over everything that came due for one reader; whether there was anything."""
    with transaction.atomic():
        subscription = _locked(subscription_id)
        place = SeriesPlace.objects.filter(subscription=subscription_id, next_at__lte=now).first()
        if subscription is None or place is None:
            return False
        rest = _rest(place, subscription, steps, list(place.mails.all()), now=now)
        due = [step for step in rest if due_at(subscription, step.day) <= now]
        for index, step in enumerate(due):
            mail = _give(place, subscription, rest[index:], now=now)
            SeriesMail.objects.filter(pk=mail.pk).update(outcome=Outcome.UNKNOWN)
            SeriesStep.objects.filter(pk=step.pk).update(unknown=F("unknown") + 1)
    return bool(due)


def _give(
    place: SeriesPlace, subscription: Subscription, rest: Sequence[SeriesStep], *, now: datetime
) -> SeriesMail:
    """Write down that a reader gets the first of the steps that are left, and when to look next."""
    mail = SeriesMail.objects.create(place=place, step=rest[0], at=now)
    place.reached = rest[0].day
    place.next_at = due_at(subscription, rest[1].day) if rest[1:] else None
    place.save(update_fields=["reached", "next_at"])
    return mail


def _rest(
    place: SeriesPlace,
    subscription: Subscription,
    steps: Sequence[SeriesStep],
    had: Sequence[SeriesMail],
    *,
    now: datetime,
) -> list[SeriesStep]:
    """Return what is left for a reader: ahead of where they stand, not had yet and not too late."""
    past = {mail.step_id for mail in had}
    ahead = [step for step in steps if step.day > place.reached and step.pk not in past]
    return [step for step in ahead if due_at(subscription, step.day) > now - TOO_LATE]


def _wait(place: SeriesPlace, *, until: datetime | None) -> list[int]:
    SeriesPlace.objects.filter(pk=place.pk).update(next_at=until)
    return []


def _locked(subscription_id: int) -> Subscription | None:
    """Return a subscription that nobody withdraws from until the transaction ends."""
    rows = Subscription.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("subscriber", "newsletter").filter(pk=subscription_id).first()


def _is_there(subscription: Subscription, *, now: datetime) -> bool:
    """Whether a reader may be written to. As for an issue, a pause ends when its date comes in UTC."""
    until = subscription.paused_until
    return subscription.is_there and (until is None or until <= now.date())


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, OSError, ValueError):
        return None
