"""Thin Celery tasks of the people's side, and the helpers that ring for them after a commit."""

import logging
import time
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from subscribers import retention, sealing, sending, series, signup, suppression, tally
from subscribers.doorbell import ring_later
from subscribers.faults import told

log = logging.getLogger(__name__)

# A request younger than this has a ring of its own on the way.
_UNRUNG_AFTER = timedelta(seconds=5)
_ROUND = 200
_SERIES_ROUND = 1000
# A sweep rings every 15 seconds, and shares its worker with people who wait for a confirmation.
_SWEEP_SECONDS = 5.0


@shared_task
def work(signup_id: int) -> None:
    """Decide about one signup and send its confirmation.

    Safe to run twice because signup.work moves the row once and sending.send claims the mail.
    """
    _decide(signup_id)


@shared_task
def send(outbox_id: int) -> None:
    """Hand over one owed mail. Safe to run twice because sending.send claims it."""
    sending.send(outbox_id)


@shared_task
def work_owed() -> None:
    """Do what nobody was rung for: signups left waiting, mails that are due (again).

    Safe to run twice because it does nothing but call what is.
    """
    until = time.monotonic() + _SWEEP_SECONDS
    suppression.withhold_missed(now=timezone.now())
    for signup_id in signup.waiting(now=timezone.now(), older_than=_UNRUNG_AFTER, limit=_ROUND):
        if time.monotonic() >= until:
            # A fresh confirmation has a ring in the queue behind this sweep: the next one goes on.
            return
        try:
            _decide(signup_id)
        except Exception as error:  # noqa: BLE001  told below
            # One request that cannot be decided must not stop those behind it.
            log.error("signup.error id=%s error=%s", signup_id, told(error))  # noqa: TRY400  a traceback may hold an address
    sending.send_due(older_than=_UNRUNG_AFTER, limit=_ROUND, until=until)


@shared_task
def go_on_with_series() -> None:
    """Owe the steps of welcome series whose time has come, and list those that a worker lost.

    Safe to run twice because a step is one row for each reader; the sweep for what is owed sends it.
    """
    now = timezone.now()
    series.list_lost(now=now)
    series.owe_due(now=now, limit=_SERIES_ROUND, until=time.monotonic() + _SWEEP_SECONDS)


@shared_task
def seal() -> None:
    """Seal what was recorded lately. Safe to run twice because a seal can be extended once."""
    sealing.seal(now=timezone.now())


@shared_task
def expire() -> None:
    """Delete what has been kept long enough; put tallies together; seal what a seal passed over.

    Safe to run twice because what is gone or sealed is not found again.
    """
    now = timezone.now()
    retention.note(retention.apply(now=now), now=now)
    tally.put_together()
    sealing.seal_all(now=now)


def work_later(signup_id: int) -> None:
    """Ring for a signup once it is committed."""
    ring_later(work, signup_id)


def send_later(outbox_id: int | None) -> None:
    """Ring for an owed mail, if there is one, once it is committed."""
    if outbox_id is not None:
        ring_later(send, outbox_id)


def _decide(signup_id: int) -> None:
    outbox_id = signup.work(signup_id, now=timezone.now())
    if outbox_id:
        sending.send(outbox_id)
