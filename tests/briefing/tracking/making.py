"""A dispatch that went out, and reports on it."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from briefing.dispatch.sender import drain
from briefing.models import Delivery, Dispatch
from briefing.tracking import apply, record, rows
from briefing.tracking.record import Report
from subscribers import links
from tests.briefing.dispatch.making import Provider, dispatching

NOW = timezone.now()


def sent(number: int = 5) -> Dispatch:
    """Dispatch an issue to so many readers, all of whose copies were accepted."""
    dispatch = dispatching(number)
    drain(dispatch.pk, Provider())
    return dispatch


def readers_of(dispatch: Dispatch) -> list[int]:
    """Return the readers of a dispatch, lowest number first."""
    rows = Delivery.objects.filter(dispatch=dispatch).order_by("subscriber_id")
    return list(rows.values_list("subscriber_id", flat=True))


def click_path(dispatch: Dispatch, reader: int, position: int) -> str:
    """Return where a reader's own copy sends whoever follows its link at a place."""
    return f"/c/{links.make('click', dispatch.pk, reader, position)}"


def open_path(dispatch: Dispatch, reader: int) -> str:
    """Return the picture in a reader's own copy."""
    return f"/o/{links.make('open', dispatch.pk, reader)}.gif"


def report(dispatch: Dispatch | None, reader: int | None, kind: str, **more: Any) -> Report:
    """Return a report with a key of its own."""
    values: dict[str, Any] = {
        "provider": "test",
        "key": f"{dispatch and dispatch.pk} {reader} {kind}",
    }
    place = {"dispatch_id": dispatch.pk if dispatch else None, "subscriber_id": reader}
    return Report(**(values | place | {"kind": kind, "at": NOW} | more))


def hear(*reports: Report, minutes: int = 0) -> int:
    """Keep reports and fold them; returns how many were looked at."""
    now = timezone.now() + timedelta(minutes=minutes)
    record.keep(reports, now=now)
    return apply.fold(now=now)


def waiting() -> int:
    """Return how many reports are not folded yet."""
    return len(rows.waiting())
