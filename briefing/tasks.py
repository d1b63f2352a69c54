"""Celery's doors to the engine: doorbells. What is true is in the database, never in a message."""

import logging

from celery import Task, shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from briefing.dispatch import control, pace, planner, sender, upkeep
from briefing.dispatch.clock import database_now
from briefing.transports import accounts

logger = logging.getLogger(__name__)


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
    account = pace.usable_account(now=database_now())
    if account is None:
        # Every account is shut off for the moment; the sweep rings again.
        return
    report = sender.drain(dispatch_id, accounts.transport(account), account=account)
    if report.more:
        _publish(drain, dispatch_id, seconds=report.wait.total_seconds())
    elif not report.down:
        control.finish_if_done(dispatch_id, now=database_now())


@shared_task
def sweep() -> None:
    """Look after the engine every few seconds, and ring for whatever is due.

    Safe to run twice because it rings, and settles only what is keyed by a fence.
    """
    upkeep.sweep(now=database_now(), ring=ring, plan=lambda dispatch_id: _publish(plan, dispatch_id))


def plan_later(dispatch_id: int) -> None:
    """Plan once the surrounding transaction is committed."""
    transaction.on_commit(lambda: _publish(plan, dispatch_id))


def drain_later(dispatch_id: int) -> None:
    """Wake a worker once the surrounding transaction is committed."""
    transaction.on_commit(lambda: ring(dispatch_id))


def ring(dispatch_id: int) -> None:
    """Wake a worker for a dispatch."""
    _publish(drain, dispatch_id)


def _publish(task: Task, dispatch_id: int, *, seconds: float = 0.0) -> None:
    """Publish a doorbell; with the broker away the sweep rings later, and nobody waits for it."""
    try:
        task.apply_async((dispatch_id,), countdown=seconds or None)
    except OperationalError:
        logger.warning("doorbell_lost task=%s dispatch=%s", task.name, dispatch_id)
