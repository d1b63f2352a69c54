"""Hands over what the outbox owes, one mail at a time, and settles it with the answer.

Before it: `outbox`, `emails`. After it: publishing's transactional account, through `ports`.
"""

import logging
import math
import time
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from subscribers import emails, outbox, ports, series
from subscribers.faults import told
from subscribers.models import Outbox
from subscribers.ports import Answer

log = logging.getLogger(__name__)
State = Outbox.State


def send(outbox_id: int) -> None:
    """Hand over one mail, if it is due and nobody else has it.

    Safe to run twice because only one run can claim the row.
    """
    row = outbox.claim(outbox_id, now=timezone.now())
    if row is None:
        return
    certain = True
    try:
        mail = emails.write(row)
        certain = False
        answer = ports.publishing().send(mail) if mail else None
    except Exception as error:  # noqa: BLE001  the mails behind this one must still leave
        # One mail that cannot be written or handed over must not stop those behind it.
        log.error("outbox.error id=%s purpose=%s error=%s", row.pk, row.purpose, told(error))  # noqa: TRY400  a traceback may hold an address
        answer = Answer("deferred", type(error).__name__, certain=certain)
    _settle(row, answer)


def send_due(
    *, older_than: timedelta = timedelta(0), limit: int = 100, until: float = math.inf
) -> int:
    """Hand over what has been due for a while, the longest waiting first; return how many were tried.

    `until` is when to stop by the monotonic clock: one slow provider must not hold the worker up.
    """
    tried = 0
    for outbox_id in outbox.due(now=timezone.now() - older_than, limit=limit):
        if time.monotonic() >= until:
            break
        send(outbox_id)
        tried += 1
    return tried


def _settle(row: Outbox, answer: Answer | None) -> None:
    now, code = timezone.now(), answer.code if answer else ""
    state = _end(row, answer, now=now)
    if state is None:
        outbox.postpone(row, code=code, now=now)
        return
    with transaction.atomic():
        if outbox.settle(row, state, code=code, now=now):
            series.settle(row, state)


def _end(row: Outbox, answer: Answer | None, *, now: datetime) -> State | None:
    """Return how a mail ends with an answer; None when it is to be tried again."""
    if answer is None:
        return State.DROPPED
    if answer.outcome in (State.ACCEPTED, State.REJECTED):
        return State(answer.outcome)
    if not answer.certain and outbox.leaves_once(row):
        return State.UNKNOWN
    return State.REJECTED if outbox.is_hopeless(row, now=now) else None
