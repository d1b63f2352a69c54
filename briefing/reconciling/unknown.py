"""Asks providers about deliveries of unknown fate, minutes after they became so and again at night.

Before it: recovery, which listed them. After it: resolving, by evidence alone.
"""

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from briefing.models import Repair, UnknownRound
from briefing.providers import asking
from briefing.providers.asking import Asking, Turn
from briefing.providers.base import Answer, AskError, Desk, Inquiry, LaterError
from briefing.providers.table import DESKS
from briefing.reconciling import answers, findings, inquiries
from briefing.reconciling.inquiries import Place
from briefing.reconciling.nightly import LEASE, Pace, free
from briefing.transports import accounts

logger = logging.getLogger(__name__)

# The one row that says how far the asking is.
_ROUND = 1

Opened = dict[str, tuple[Desk, Asking]]


@dataclass(frozen=True, slots=True)
class Resolved:
    """How many deliveries were settled in one turn, and in how many seconds there is more to ask."""

    settled: int = 0
    more_in: float | None = None


def resolve(*, now: datetime, again: bool = False, pace: Pace | None = None) -> Resolved:
    """Ask about what is unknown, for one turn, behind the delivery that was asked about last.

    With `again` a round begins anew that asks about all of them. Safe to run twice: nobody else asks
    as long as a turn lasts. A delivery whose account is a mail server, or a provider without an
    answer, is left as it is.
    """
    ways = accounts.ways("bulk", "fallback")
    names = sorted(ways & set(DESKS))
    if not names or not (own := _claimed(now=now, again=again)):
        return Resolved()
    try:
        return _turn(own, names, (pace or Pace()).turn(), all_asked=ways == set(names), now=now)
    finally:
        _own(own).update(lease_until=None)


def _claimed(*, now: datetime, again: bool) -> UnknownRound | None:
    """Return the round for one turn, unless somebody else goes on with it just now."""
    UnknownRound.objects.get_or_create(pk=_ROUND)
    rows = UnknownRound.objects.filter(pk=_ROUND)
    if again:
        # Whoever is asking loses the round, and with it where it was.
        rows.update(again=True, dispatch_id=0, subscriber_id=0, lease_until=None)
    if not rows.filter(free(now)).update(lease_until=now + LEASE):
        return None
    return rows.get()


def _own(one: UnknownRound) -> "QuerySet[UnknownRound]":
    """Return the row as long as its lease is ours."""
    return UnknownRound.objects.filter(pk=one.pk, lease_until=one.lease_until)


def _turn(
    own: UnknownRound, names: Sequence[str], turn: Turn, *, all_asked: bool, now: datetime
) -> Resolved:
    behind = (own.dispatch_id, own.subscriber_id)
    waiting = inquiries.unknown(now=now, again=own.again, behind=behind)
    settled, place = 0, behind
    with ExitStack() as stack:
        try:
            opened: Opened = {}
            for inquiry in waiting:
                opened = opened or _opened(names, turn, stack)
                place = (inquiry.dispatch_id, inquiry.subscriber_id)
                settled += _ask(inquiry, opened, all_asked=all_asked, now=now)
                _move(own, place)
        except LaterError as error:
            # The next turn goes on behind the last one that was answered for.
            return Resolved(settled, max(1.0, error.seconds))
        except AskError as error:
            # Behind this one as well: it must not stand before all others for ever.
            logger.warning("unknown_not_asked reason=%s", error.reason)
            _move(own, place)
            return Resolved(settled)
    _own(own).update(again=False, dispatch_id=0, subscriber_id=0)
    return Resolved(settled)


def _move(own: UnknownRound, place: Place) -> None:
    _own(own).update(dispatch_id=place[0], subscriber_id=place[1])


def _opened(names: Sequence[str], turn: Turn, stack: ExitStack) -> Opened:
    """Open a way to each provider, once there is something to ask."""
    opened: Opened = {}
    for name in names:
        ask = stack.enter_context(asking.opened(name, DESKS[name], turn))
        ask.seconds_between = DESKS[name].LOOK_UP_SECONDS
        opened[name] = (DESKS[name], ask)
    return opened


def _ask(inquiry: Inquiry, opened: Opened, *, all_asked: bool, now: datetime) -> bool:
    """Ask each provider that may have it; returns whether one has. In vain only if all say so."""
    told: dict[str, Answer | None] = {}
    for name, (desk, ask) in opened.items():
        told[name] = answer = desk.look_up(ask, inquiry)
        if answer and answer.taken:
            return _take(name, inquiry, answer, now=now)
    if all_asked and all(told.values()):
        name = next(iter(told))
        _take(name, inquiry, Answer(taken=False), now=now)
    return False


@transaction.atomic
def _take(name: str, inquiry: Inquiry, answer: Answer, *, now: datetime) -> bool:
    repair = answers.take_unknown(name, inquiry, answer, now=now)
    findings.write([repair])
    return repair.kind == Repair.Kind.RESOLVED
