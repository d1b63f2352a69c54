"""Celery's doors to the engine: doorbells. What is true is in the database, never in a message."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from celery import Task, shared_task
from django.conf import settings
from django.db import transaction

from briefing import heartbeat
from briefing.archive import linkcheck, websub
from briefing.celery import is_ending
from briefing.dispatch import claims, control, outage, pace, planner, sender, timetable, upkeep
from briefing.dispatch.clock import database_now
from briefing.issues import digest, recurring, senders
from briefing.mailbox import places, reading
from briefing.nameserver import Asker
from briefing.reconciling import nightly, unknown
from briefing.tracking import apply, refused, retention
from briefing.transports import accounts
from subscribers import doorbell
from subscribers import retention as noting
from subscribers.models import Newsletter

logger = logging.getLogger(__name__)

# How long after a lost database a task is tried again: a restart takes about a second.
_OUTAGE_SECONDS = 2.0
# A burst of reports is folded in turns: confirmations have the same worker.
_FOLD_SECONDS = 10.0
# A worker's clock may be a little ahead of the database's.
_CLOCKS_DIFFER = 0.5
# The latest fence when this process began to look through a dispatch, by the dispatch's number.
_looked_at: dict[int, int] = {}


@shared_task
def plan(dispatch_id: int) -> None:
    """Plan what is left of a dispatch, ringing the workers after each slice.

    Safe to run twice because each slice moves a watermark under a lock.
    """
    with _outlasting(plan, dispatch_id):
        planner.plan(dispatch_id, ring=ring, is_stopping=is_ending)


@shared_task
def drain(dispatch_id: int, rung_at: int | None = None) -> None:
    """Send what is due of a dispatch for a while, then ring again if there is more.

    `rung_at` is the latest fence when it was rung for, where that is known. Safe to run twice because
    a batch is claimed by one conditional UPDATE.
    """
    with _outlasting(drain, dispatch_id):
        fence = claims.last_fence()
        if rung_at is not None and rung_at < _looked_at.get(dispatch_id, 0) <= fence:
            # Answered already: this process has looked since, and rang again if there was more. Each
            # sweep and each planned slice rings, and all of them answered would hold up other issues.
            return
        account = pace.usable_account(now=database_now())
        if account is None:
            # Every account is shut off for the moment; the sweep rings again.
            return
        _looked_at[dispatch_id] = fence
        transport = accounts.transport(account)
        report = sender.drain(dispatch_id, transport, account=account, is_stopping=is_ending)
        if report.more and report.wait:
            doorbell.ring_soon(drain, dispatch_id, seconds=report.wait.total_seconds())
        elif report.more:
            ring(dispatch_id)
        elif control.finish_if_done(dispatch_id, now=database_now()):
            refused.draw(dispatch_id, now=database_now())


@shared_task
def sweep() -> None:
    """Look after the engine every few seconds, and ring for whatever is due.

    Safe to run twice because it rings, and settles only what is keyed by a fence.
    """
    now = database_now()
    for finished in upkeep.sweep(now=now, ring=ring, plan=lambda pk: _ring(plan, pk)):
        refused.draw(finished, now=now)
    # Said by the work and not by beat itself: a ring that nobody answers is no sign of life.
    heartbeat.give([heartbeat.BEAT])


@shared_task
def begin(dispatch_id: int) -> None:
    """Set a dispatch running whose countdown is over, and plan it.

    Safe to run twice, too early or too late because the row says when it may begin; the sweep does
    the same.
    """
    if timetable.begin_due(now=database_now()):
        _ring(plan, dispatch_id)


@shared_task
def fold() -> None:
    """Fold the reports that came in, for as long as there are many.

    Safe to run twice because reports are folded under a lock, in the transaction that counts them.
    """
    ends_at = time.monotonic() + _FOLD_SECONDS
    while apply.fold(now=database_now()) >= apply.AT_ONCE and time.monotonic() < ends_at:
        pass


@shared_task
def forget() -> None:
    """Delete events that were counted long ago. Safe to run twice: what is gone is not found again."""
    now = database_now()
    noting.note(retention.forget(now=now), now=now)


@shared_task
def read_mailbox() -> None:
    """Work in what came back by mail, where a mailbox is set, then ring for the fold.

    Safe to run twice because a mail worked in twice changes nothing.
    """
    if not settings.MAILBOX_URL:
        return
    try:
        with places.opened(settings.MAILBOX_URL) as mailbox:
            done = reading.read_all(mailbox, now=database_now())
    except OSError as error:
        logger.warning("mailbox_away reason=%s", error)
        return
    if done.total():
        doorbell.ring(fold, ())


@shared_task
def compose_digests() -> None:
    """Compose and dispatch each newsletter's digest of the week when its hour has come.

    Safe to run twice because a week has one digest, and an issue is dispatched once.
    """
    now = database_now()
    for newsletter in Newsletter.objects.order_by("pk"):
        if not digest.due(newsletter, now=now):
            continue
        try:
            issue = digest.compose(newsletter, now=now)
            if digest.has_readers(issue, now=now):
                plan_later(control.start(issue, now=now).pk)
        except (digest.NothingToDigestError, control.DispatchRefusedError) as error:
            logger.info("no_digest newsletter=%s reason=%s", newsletter.pk, error)


@shared_task
def compose_drafts() -> None:
    """Compose each newsletter's draft of the week when its hour has come; a person sends it.

    Safe to run twice because a week has one turn, whatever came of it.
    """
    for issue in recurring.compose_due(now=database_now()):
        logger.info("draft_composed newsletter=%s issue=%s", issue.newsletter_id, issue.pk)


@shared_task
def check_links() -> None:
    """Look at a few sources that somebody asked for, or that are due, then ring for the next.

    Safe to run twice because a source that was looked at is not waiting any more.
    """
    if linkcheck.look(now=database_now()):
        doorbell.ring(check_links, ())


@shared_task
def tell_hub() -> None:
    """Tell the hub of changed feeds. Safe to run twice because what it was told is kept."""
    websub.tell()


@shared_task
def look_up_senders() -> None:
    """Ask DNS what it says of senders' domains, each once a day or when somebody wants to know.

    Safe to run twice because the answers of the later one replace the same answers.
    """
    for domain in senders.due(now=database_now()):
        senders.look_up(domain, Asker(), now=database_now())


@shared_task
def reconcile() -> None:
    """Begin tonight's comparison with each provider, and ask again about what is still unknown.

    Refusals of the last days are drawn again. Safe to run twice because a provider has one
    comparison at a time, and consequences may be repeated.
    """
    refused.draw_lately(now=database_now())
    nightly.begin(now=database_now())
    unknown.resolve(now=database_now(), again=True)
    doorbell.ring_soon(fold)
    doorbell.ring(ask_providers, ())


@shared_task
def ask_providers() -> None:
    """Ask about what became unknown, go on with the comparisons under way, and ring for the rest.

    Safe to run twice because each turn is claimed by one conditional UPDATE, and an answer that is
    heard twice is one report.
    """
    waits = [unknown.resolve(now=database_now()).more_in, nightly.go_on(now=database_now())]
    doorbell.ring_soon(fold)
    if waits := [each for each in waits if each is not None]:
        doorbell.ring(ask_providers, (), seconds=min(waits))


def fold_later() -> None:
    """Fold soon after the surrounding transaction is committed, once for a burst of them."""
    transaction.on_commit(lambda: doorbell.ring_soon(fold))


def check_links_later() -> None:
    """Look at sources once the surrounding transaction is committed."""
    doorbell.ring_later(check_links)


def look_up_senders_later() -> None:
    """Ask DNS once the surrounding transaction is committed."""
    doorbell.ring_later(look_up_senders)


def plan_later(dispatch_id: int) -> None:
    """Plan once the surrounding transaction is committed."""
    transaction.on_commit(lambda: _ring(plan, dispatch_id))


def begin_later(dispatch_id: int, *, seconds: float) -> None:
    """Set running at the end of a countdown that begins with the surrounding transaction's commit."""
    transaction.on_commit(lambda: _ring(begin, dispatch_id, seconds=seconds + _CLOCKS_DIFFER))


def drain_later(dispatch_id: int) -> None:
    """Wake a worker once the surrounding transaction is committed."""
    transaction.on_commit(lambda: ring(dispatch_id))


def ring(dispatch_id: int) -> None:
    """Wake a worker for a dispatch."""
    doorbell.ring(drain, (dispatch_id, claims.last_fence()))


def _ring(task: Task, dispatch_id: int, *, seconds: float = 0.0) -> None:
    doorbell.ring(task, (dispatch_id,), seconds=seconds)


@contextmanager
def _outlasting(task: Task, dispatch_id: int) -> Iterator[None]:
    """Try a task again soon when the database goes away meanwhile: a sweep would take longer."""
    try:
        yield
    except outage.LOST:
        logger.warning("database_away task=%s dispatch=%s", task.name, dispatch_id)
        _ring(task, dispatch_id, seconds=_OUTAGE_SECONDS)
