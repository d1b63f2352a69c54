"""Issues that go out by the clock, and the countdown in which one can still be called back.

Before it: an editor's word. After it: control.start, and the sweep that looks every few seconds
for what is due. Each step is one conditional UPDATE, so that two beats start an issue once.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from briefing.dispatch import alerts, control, trials
from briefing.issues import preflight
from briefing.models import Alert, Batch, Delivery, Dispatch, Issue

logger = logging.getLogger(__name__)

# Later than this nobody expects the issue any more: a person decides whether it still goes.
LATE = timedelta(minutes=60)


def schedule(issue: Issue, *, at: datetime, zone: str, by: str) -> bool:
    """Have a draft go out at a time; `zone` is the one in which the editor thinks of it.

    Scheduling again moves it. Returns False when it is no draft any more.
    """
    return bool(_drafts(issue.pk).update(send_at=at, zone=zone, scheduled_by=by[:150]))


def unschedule(issue_id: int) -> bool:
    """Take an issue out of the timetable; returns whether it was in it."""
    waiting = _drafts(issue_id).filter(send_at__isnull=False)
    return bool(waiting.update(send_at=None, zone="", scheduled_by=""))


def start_due(*, now: datetime) -> list[Dispatch]:
    """Start what is due; what cannot go out is taken out of the timetable and told to people."""
    started = []
    for issue in _drafts().filter(send_at__lte=now).order_by("send_at"):
        reason = _why_not(issue, now=now)
        if not reason:
            try:
                started.append(control.start(issue, now=now))
            except ValueError as error:
                # Two beats at once, a reader's language that cannot be compiled: the words say it.
                reason = str(error)
        if reason and unschedule(issue.pk):
            text = f"{issue} was to go out at {issue.send_at:%d %b %H:%M} UTC and did not: {reason}"
            alerts.raise_alert(Alert.Kind.HELD, f"schedule {issue.pk}", text, now=now)
    return started


def begin_due(*, now: datetime) -> int:
    """Set running whose countdown is over; return how many there were."""
    due = Dispatch.objects.filter(state=Dispatch.State.HOLDING, begins_at__lte=now)
    state = trials.sending_state()
    return due.update(state=state, begins_at=None, started_at=now, reason="")


def undo(dispatch: Dispatch) -> bool:
    """Call a dispatch back while its countdown runs, as if it had never been started.

    The issue is a draft again. Returns False when it is too late: pause or cancel it then.
    """
    with transaction.atomic():
        # The state first: from here on nobody can set it running.
        called_back = Dispatch.objects.filter(
            pk=dispatch.pk, state=Dispatch.State.HOLDING, begins_at__isnull=False
        ).update(state=Dispatch.State.CANCELLED, begins_at=None)
        if not called_back or Delivery.objects.filter(dispatch_id=dispatch.pk).exists():
            transaction.set_rollback(True)
            return False
        Batch.objects.filter(dispatch_id=dispatch.pk).delete()
        Dispatch.objects.filter(pk=dispatch.pk).delete()
        Issue.objects.filter(pk=dispatch.issue_id).update(
            status=Issue.Status.DRAFT, published_at=None, send_at=None, zone="", scheduled_by=""
        )
    logger.info("dispatch_undone dispatch=%s issue=%s", dispatch.pk, dispatch.issue_id)
    return True


def _why_not(issue: Issue, *, now: datetime) -> str:
    if issue.send_at and now - issue.send_at > LATE:
        return _("it is more than an hour late. Dispatch it, or schedule it anew.")
    found = preflight.errors(issue, now=now)
    return f"{found[0].what} {found[0].mend}" if found else ""


def _drafts(issue_id: int | None = None) -> "QuerySet[Issue]":
    drafts = Issue.objects.filter(status=Issue.Status.DRAFT).select_related("newsletter")
    return drafts if issue_id is None else drafts.filter(pk=issue_id)
