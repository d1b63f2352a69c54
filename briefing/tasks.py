"""Celery's doors to the engine: doorbells. What is true is in the database, never in a message."""

import logging
import time

from celery import Task, shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from briefing.dispatch import control, journal, planner, retries, sender
from briefing.dispatch.clock import database_now
from briefing.dispatch.states import SENDING
from briefing.models import Dispatch
from briefing.transports import accounts

logger = logging.getLogger(__name__)

# A dead worker's journal is read within a lease; a day later it is of no use to anybody.
_JOURNAL_SECONDS = 86_400


@shared_task
def plan(dispatch_id: int) -> None:
    """Plan what is left of a dispatch, ringing the workers after each slice.

    Safe to run twice because each slice moves a watermark under a lock.
    """
    planner.plan(dispatch_id, ring=ring)


@shared_task
def drain(dispatch_id: int) -> None:
    """Send what is due of a dispatch for a while, then ring again if there is more.

    Safe to run twice because a batch is claimed by one conditional UPDATE.
    """
    report = sender.drain(dispatch_id, accounts.transport())
    if report.more:
        ring(dispatch_id)
    elif not report.down:
        control.finish_if_done(dispatch_id, now=database_now())


@shared_task
def sweep() -> None:
    """Ring for whatever is due: a doorbell that was lost costs time, never mail.

    Safe to run twice because it only rings, and settles what is keyed by a fence.
    """
    retries.recover_abandoned()
    journal.clear_abandoned(older_than_seconds=_JOURNAL_SECONDS, now=time.time())
    for dispatch in Dispatch.objects.filter(state__in=SENDING):
        if dispatch.planned_at is None:
            _publish(plan, dispatch.pk)
        ring(dispatch.pk)
    for dispatch_id in control.cancelled_and_open():
        ring(dispatch_id)


def plan_later(dispatch_id: int) -> None:
    """Plan once the surrounding transaction is committed."""
    transaction.on_commit(lambda: _publish(plan, dispatch_id))


def ring(dispatch_id: int) -> None:
    """Wake a worker for a dispatch."""
    _publish(drain, dispatch_id)


def _publish(task: Task, dispatch_id: int) -> None:
    """Publish a doorbell; with the broker away the sweep rings later, and nobody waits for it."""
    try:
        task.delay(dispatch_id)
    except OperationalError:
        logger.warning("doorbell_lost task=%s dispatch=%s", task.name, dispatch_id)
