"""One comparison with each provider a night, in turns of some seconds: it goes on where it stopped.

Before it: beat, or `manage.py reconcile`. A comparison whose answers fail or are rubbish is given up;
what it would have changed is left alone, and the next night begins anew.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q

from briefing.dispatch import alerts
from briefing.models import Alert, Reconciliation, Repair
from briefing.providers import asking
from briefing.providers.asking import Asking, Turn
from briefing.providers.base import AskError, Desk, LaterError
from briefing.providers.table import DESKS
from briefing.reconciling import answers, comparing, findings, gathering, inquiries
from briefing.transports import accounts
from subscribers.models import Newsletter

logger = logging.getLogger(__name__)

State = Reconciliation.State
_OPEN = (State.GATHERING, State.ASKING)
_OVER_AFTER = timedelta(hours=23)
# A turn that did not end cleanly is taken over after so long.
LEASE = timedelta(minutes=5)
# What one night asks about at most; more than that is no lost report but a missing webhook.
MOST_ASKED = 2000
_TO_LOOK_AT = (Repair.Kind.SILENT, Repair.Kind.UNSEEN)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a turn may take, and how to wait in it."""

    seconds: float = 20.0
    wait: Callable[[float], None] = time.sleep

    def turn(self) -> Turn:
        """Begin a turn."""
        froms = Newsletter.objects.order_by("pk").values_list("from_address", flat=True)
        domains = dict.fromkeys(each.rpartition("@")[2] for each in froms)
        return Turn(
            ends_at=time.monotonic() + self.seconds,
            domains=tuple(domains),
            timeout_seconds=settings.EMAIL_TIMEOUT,
            wait=self.wait,
        )


def providers() -> list[str]:
    """Return the providers of our accounts that can be asked."""
    return sorted(accounts.ways("bulk", "fallback", "transactional") & set(DESKS))


def free(now: datetime) -> Q:
    """Return the condition that nobody else is at a row just now."""
    return Q(lease_until=None) | Q(lease_until__lt=now)


def begin(*, now: datetime) -> list[Reconciliation]:
    """Begin a comparison with each provider, unless one is under way. Safe to run twice."""
    stale = Reconciliation.objects.filter(state__in=_OPEN, began_at__lt=now - _OVER_AFTER)
    for one in stale:
        _give_up(one, "it did not end within a day", now=now)
    return [each for each in (_begin(name, now=now) for name in providers()) if each]


def _begin(provider: str, *, now: datetime) -> Reconciliation | None:
    try:
        with transaction.atomic():
            made = Reconciliation.objects.create(provider=provider, began_at=now)
    except IntegrityError:
        # The constraint decides: one at a time.
        return None
    # What an earlier one held back is found again, by the list as it is now.
    for earlier in Reconciliation.objects.filter(
        provider=provider, pk__lt=made.pk, held_back__gt=0
    ):
        comparing.forget(earlier)
    return made


def go_on(*, now: datetime, pace: Pace | None = None) -> float | None:
    """Go on with every comparison under way, a turn each.

    Returns the seconds after which there is more to do, None when all is done.
    """
    waits = [
        _turn(one, pace or Pace(), now=now)
        for one in Reconciliation.objects.filter(state__in=_OPEN).order_by("pk")
    ]
    return min((each for each in waits if each is not None), default=None)


def _turn(one: Reconciliation, pace: Pace, *, now: datetime) -> float | None:
    """Take one turn of one comparison, if nobody else does just now."""
    claimed = Reconciliation.objects.filter(free(now), pk=one.pk, state__in=_OPEN)
    if not claimed.update(lease_until=now + LEASE):
        return None
    one.refresh_from_db()
    desk = DESKS[one.provider]
    try:
        with asking.opened(one.provider, desk, pace.turn()) as ask:
            _work(one, desk, ask, now=now)
    except LaterError as error:
        return max(1.0, error.seconds)
    except AskError as error:
        _give_up(one, error.reason, now=now)
    finally:
        Reconciliation.objects.filter(pk=one.pk).update(lease_until=None)
    return None


def _work(one: Reconciliation, desk: Desk, ask: Asking, *, now: datetime) -> None:
    if one.state == State.GATHERING:
        ask.seconds_between = desk.LIST_SECONDS
        # Without a list nobody can be missing from it.
        if desk.lists(ask):
            gathering.read(one, desk, ask)
            comparing.settle(one, now=now)
        _move(one, State.ASKING)
    ask.seconds_between = desk.LOOK_UP_SECONDS
    _ask_about_silent(one, desk, ask, now=now)
    findings.clear(one.provider, _TO_LOOK_AT, before=one.began_at)
    _tell_unreported(one, now=now)
    _move(one, State.DONE, ended_at=now)
    logger.info("reconciled provider=%s reconciliation=%s", one.provider, one.pk)


def _ask_about_silent(one: Reconciliation, desk: Desk, ask: Asking, *, now: datetime) -> None:
    """Ask about one delivery after the other, and leave behind which was the last.

    With several ways out a delivery that this provider does not know may have left by another.
    """
    ways = accounts.ways("bulk", "fallback")
    if one.provider not in ways:
        return
    only_way = ways == {one.provider}
    upto = one.asked_upto
    place = (upto.get("dispatch", 0), upto.get("reader", 0))
    # As of the beginning: what grows old meanwhile is the next night's.
    for inquiry in inquiries.silent(now=one.began_at, behind=place):
        if one.asked >= MOST_ASKED:
            return
        answer = desk.look_up(ask, inquiry)
        with transaction.atomic():
            if only_way or (answer and answer.seen):
                findings.write([answers.take_silent(one.provider, inquiry, answer, now=now)])
            one.asked += 1
            Reconciliation.objects.filter(pk=one.pk).update(
                asked=F("asked") + 1,
                asked_upto={"dispatch": inquiry.dispatch_id, "reader": inquiry.subscriber_id},
            )


def _tell_unreported(one: Reconciliation, *, now: datetime) -> None:
    if accounts.ways("bulk", "fallback") != {one.provider}:
        # A mail server reports nothing, and another provider has a webhook of its own.
        return
    for dispatch_id in inquiries.unreported(now=one.began_at):
        text = (
            f"Hardly anything was reported of dispatch {dispatch_id}. Does {one.provider} know the "
            f"address of our webhook, {settings.PUBLIC_BASE_URL}/hooks/{one.provider}/?"
        )
        alerts.raise_alert(Alert.Kind.PROVIDER, f"unreported {dispatch_id}", text, now=now)


def _give_up(one: Reconciliation, reason: str, *, now: datetime) -> None:
    # Whether its list was compared before it failed is told by its state.
    what = "asking about deliveries" if one.state == State.ASKING else "its suppression list"
    trouble = f"{what}: {reason}"[:300]
    if one.state == State.GATHERING:
        comparing.forget(one)
    _move(one, State.FAILED, ended_at=now, trouble=trouble)
    text = f"The comparison with {one.provider} was given up: {trouble}."
    alerts.raise_alert(Alert.Kind.PROVIDER, f"given up {one.provider}", text, now=now)


def _move(one: Reconciliation, state: State, **values: object) -> None:
    one.state = state
    # A cursor may hold an address: it goes as soon as the list is behind us.
    Reconciliation.objects.filter(pk=one.pk).update(state=state, cursor="", **values)
