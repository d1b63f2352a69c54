"""Asks providers about deliveries of unknown fate, minutes after they became so and again at night.

Before it: recovery, which listed them. After it: resolving, by evidence alone.
"""

import logging
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from briefing.models import Repair
from briefing.providers import asking
from briefing.providers.asking import Asking
from briefing.providers.base import Answer, AskError, Desk, Inquiry, LaterError
from briefing.providers.table import DESKS
from briefing.reconciling import answers, findings, inquiries
from briefing.reconciling.nightly import Pace
from briefing.transports import accounts

logger = logging.getLogger(__name__)

Opened = dict[str, tuple[Desk, Asking]]


@dataclass(frozen=True, slots=True)
class Resolved:
    """How many deliveries were settled in one turn, and in how many seconds there is more to ask."""

    settled: int = 0
    more_in: float | None = None


def resolve(*, now: datetime, again: bool = False, pace: Pace | None = None) -> Resolved:
    """Ask about what is unknown, for one turn. Safe to run twice.

    A delivery whose account is a mail server, or a provider without an answer, is left as it is.
    """
    ways = accounts.ways("bulk", "fallback")
    names = sorted(ways & set(DESKS))
    waiting = inquiries.unknown(now=now, again=again)
    first = next(waiting, None) if names else None
    if first is None:
        return Resolved()
    turn, settled, more_in = (pace or Pace()).turn(), 0, None
    with ExitStack() as stack:
        try:
            opened: Opened = {}
            for name in names:
                ask = stack.enter_context(asking.opened(name, DESKS[name], turn))
                ask.seconds_between = DESKS[name].LOOK_UP_SECONDS
                opened[name] = (DESKS[name], ask)
            for inquiry in (first, *waiting):
                settled += _ask(inquiry, opened, all_asked=ways == set(names), now=now)
        except LaterError as error:
            # The next turn goes on: what was settled is not unknown any more.
            more_in = max(1.0, error.seconds)
        except AskError as error:
            logger.warning("unknown_not_asked reason=%s", error.reason)
    return Resolved(settled, more_in)


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
