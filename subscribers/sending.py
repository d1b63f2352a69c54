"""Hands over what the outbox owes, one mail at a time, and settles it with the answer.

Before it: `outbox`, `emails`. After it: publishing's transactional account, through `ports`.
"""

import logging
import math
import time
from datetime import timedelta

from django.utils import timezone

from subscribers import emails, outbox, ports
from subscribers.faults import told
from subscribers.models import Outbox

log = logging.getLogger(__name__)
State = Outbox.State


def send(outbox_id: int) -> None:
    """Hand over one mail, if it is due and nobody else has it.

    Safe to run twice because only one run can claim the row.
    """
    row = outbox.claim(outbox_id, now=timezone.now())
    if row is None:
        return
    try:
        mail = emails.write(row)
        answer = ports.publishing().send(mail) if mail else None
    except Exception as error:  # noqa: BLE001  the mails behind this one must still leave
        # One mail that cannot be written or handed over must not stop those behind it.
        log.error("outbox.error id=%s purpose=%s error=%s", row.pk, row.purpose, told(error))  # noqa: TRY400  a traceback may hold an address
        outbox.postpone(row, code=type(error).__name__, now=timezone.now())
        return
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


def _settle(row: Outbox, answer: ports.Answer | None) -> None:
    now = timezone.now()
    if answer is None:
        outbox.settle(row, State.DROPPED, now=now)
    elif answer.outcome == "accepted":
        outbox.settle(row, State.ACCEPTED, code=answer.code, now=now)
    elif answer.outcome == "rejected":
        outbox.settle(row, State.REJECTED, code=answer.code, now=now)
    else:
        outbox.postpone(row, code=answer.code, now=now)
