"""What has to be looked at every few seconds, whatever else happens: the sweep's work."""

import time
from collections.abc import Callable
from datetime import datetime

from django.conf import settings

from briefing.dispatch import (
    alerts,
    control,
    deciding,
    holding,
    notes,
    questions,
    recovery,
    resolving,
    timetable,
)
from briefing.dispatch.outcome import UNKNOWN
from briefing.dispatch.states import SENDING
from briefing.models import Alert, Delivery, Dispatch

# A dead worker's journal is read within a lease, or when workers run again; then it is deleted.
_JOURNAL_SECONDS = 86_400


def sweep(
    *, now: datetime, ring: Callable[[int], None], plan: Callable[[int], object]
) -> list[int]:
    """Guard, settle what was left behind, and ring for whatever is due. Safe to run twice.

    A doorbell that was lost costs time, never mail: this finds the work in the database. Returns the
    dispatches that it finished.
    """
    if holding.beat(now=now):
        alerts.tell(now=now)
        return []
    recovery.recover_abandoned()
    control.reopen_with_rest()
    notes.clear_abandoned(older_than_seconds=_JOURNAL_SECONDS, now=time.time())
    questions.forget(now=now)
    resolving.apply_policy(now=now)
    timetable.start_due(now=now)
    timetable.begin_due(now=now)
    deciding.look(now=now)
    _alert_unknown(now=now)
    alerts.tell(now=now)
    finished = []
    for dispatch in Dispatch.objects.filter(state__in=SENDING).order_by("pk"):
        if dispatch.planned_at is None:
            plan(dispatch.pk)
        if control.finish_if_done(dispatch.pk, now=now):
            finished.append(dispatch.pk)
        else:
            ring(dispatch.pk)
    for dispatch_id in control.cancelled_and_open():
        ring(dispatch_id)
    return finished


def _alert_unknown(*, now: datetime) -> None:
    """Tell when more deliveries are unknown than a person would want not to know of."""
    for dispatch_id in Dispatch.objects.filter(state__in=SENDING).values_list("pk", flat=True):
        number = Delivery.objects.filter(dispatch_id=dispatch_id, outcome=UNKNOWN).count()
        if number >= settings.UNKNOWN_ALERT_AT:
            text = (
                f"{number} deliveries of dispatch {dispatch_id} are unknown: they may or may not "
                f"have arrived. See them with: manage.py unknown {dispatch_id}"
            )
            alerts.raise_alert(Alert.Kind.UNKNOWN, str(dispatch_id), text, now=now)
