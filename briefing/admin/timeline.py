"""Who got it, for one reader: deliveries, what was reported of them, and suppressions, newest first.

Read by keys only, so that it opens as fast among a million readers as among ten.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from briefing.admin import trail
from briefing.admin.deliveries import TONES
from briefing.admin.gate import needs
from briefing.admin.screen import render
from briefing.admin.spreadsheet import as_csv
from briefing.models import Delivery, Dispatch, Event
from subscribers import suppression
from subscribers.models import Subscriber

DISPATCHES_SHOWN = 200
EVENTS_SHOWN = 500

_TONES = {
    Event.Kind.DELIVERED: "good",
    Event.Kind.DEFERRED: "wait",
    Event.Kind.SOFT_BOUNCED: "wait",
    Event.Kind.HARD_BOUNCED: "bad",
    Event.Kind.BLOCKED: "bad",
    Event.Kind.REJECTED: "bad",
    Event.Kind.COMPLAINED: "bad",
    Event.Kind.UNSUBSCRIBED: "wait",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened. `source` is who says so; without a dispatch it is of no issue."""

    at: datetime
    what: str | Promise
    tone: str = ""
    source: str | Promise = ""
    words: str = ""
    dispatch: Dispatch | None = None


@require_safe
@needs("subscribers.view_subscriber")
def timeline(request: HttpRequest, pk: int) -> HttpResponse:
    """Show everything that is known of one reader's mail, or give it as CSV."""
    reader = get_object_or_404(Subscriber, pk=pk)
    dispatches = {
        each.pk: each
        for each in Dispatch.objects.select_related("issue__newsletter").order_by("-pk")[
            :DISPATCHES_SHOWN
        ]
    }
    moments = [
        *_deliveries(reader.pk, dispatches),
        *_reports(reader.pk, dispatches),
        *_suppressions(reader),
    ]
    moments.sort(key=lambda moment: moment.at, reverse=True)
    if request.GET.get("format") == "csv":
        return as_csv(f"reader-{reader.pk}.csv", _rows(moments))
    return render(
        request,
        "desk/timeline.html",
        _("Who got it?"),
        reader=reader,
        moments=moments,
        trail=trail.reader(reader),
    )


def _rows(moments: Iterable[Moment]) -> Iterator[list[Any]]:
    yield [_("at"), _("what happened"), _("dispatch"), _("says who"), _("in their words")]
    for each in moments:
        at = each.at.isoformat(timespec="seconds")
        yield [at, each.what, each.dispatch or "", each.source, each.words]


def _deliveries(reader: int, dispatches: dict[int, Dispatch]) -> Iterator[Moment]:
    # Both columns of the key are named, so this reads one row of each dispatch and no more.
    rows = Delivery.objects.filter(dispatch_id__in=list(dispatches), subscriber_id=reader)
    for row in rows:
        yield Moment(
            row.at,
            row.get_outcome_display(),
            TONES.get(Delivery.Outcome(row.outcome), ""),
            _("our dispatch"),
            row.code or "",
            dispatches[row.dispatch_id],
        )


def _reports(reader: int, dispatches: dict[int, Dispatch]) -> Iterator[Moment]:
    of_an_issue = Q(dispatch_id__in=list(dispatches))
    rows = Event.objects.filter(of_an_issue | Q(dispatch_id=None), subscriber_id=reader)
    for event in rows.defer("payload").order_by("-at")[:EVENTS_SHOWN]:
        what = event.get_kind_display()
        if event.by_person is False:
            what = _("%(what)s, by a machine") % {"what": what}
        yield Moment(
            event.at,
            what,
            _TONES.get(Event.Kind(event.kind), ""),
            event.provider,
            event.code,
            dispatches.get(event.dispatch_id or 0),
        )


def _suppressions(reader: Subscriber) -> Iterator[Moment]:
    if not reader.address_key:
        return
    for row in suppression.history(reader.address_key):
        what = _("suppressed: %(why)s") % {"why": row.get_reason_display()}
        yield Moment(row.at, what, "bad", _("our rules"), row.note)
        if row.lifted_at:
            what = _("suppression lifted: %(why)s") % {"why": row.get_reason_display()}
            yield Moment(row.lifted_at, what, "good", _("our rules"))
