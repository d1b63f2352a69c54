"""Who got it, for one reader: deliveries, what was reported of them, and suppressions, newest first.

Read by keys only, so that it opens as fast among a million readers as among ten.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from briefing.admin import trail
from briefing.admin.deliveries import TONES
from briefing.admin.gate import needs
from briefing.admin.screen import render
from briefing.admin.spreadsheet import as_long_csv
from briefing.models import Delivery, Dispatch, Event
from subscribers import series, suppression
from subscribers.models import SeriesMail, Subscriber

DISPATCHES_PER_PAGE = 200
REPORTS_PER_PAGE = 500

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
_SERIES_TONES = {
    SeriesMail.Outcome.ACCEPTED: "good",
    SeriesMail.Outcome.REJECTED: "bad",
    SeriesMail.Outcome.UNKNOWN: "wait",
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


@dataclass(frozen=True, slots=True)
class Page:
    """Some dispatches, newest first, and the time that is theirs; what is open has no end there.

    `older` leads to the next page.
    """

    dispatches: dict[int, Dispatch]
    since: datetime | None
    until: datetime | None
    older: int | None

    def has(self, at: datetime) -> bool:
        """Whether something that belongs to no dispatch is of this page's time."""
        return (not self.since or self.since <= at) and (not self.until or at < self.until)


@require_safe
@needs("subscribers.view_subscriber")
def timeline(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show a page of what is known of one reader's mail, or give all of it as CSV."""
    reader = get_object_or_404(Subscriber, pk=pk)
    if request.GET.get("format") == "csv":
        return as_long_csv(f"reader-{reader.pk}.csv", _rows(reader))
    before = request.GET.get("before", "")
    page = _page(int(before[:18]) if before.isascii() and before.isdecimal() else None)
    reports = list(islice(_reports(reader.pk, page), REPORTS_PER_PAGE + 1))
    return render(
        request,
        "desk/timeline.html",
        _("Who got it?"),
        reader=reader,
        page=page,
        moments=_moments(reader, page, reports[:REPORTS_PER_PAGE]),
        reports_shown=REPORTS_PER_PAGE if len(reports) > REPORTS_PER_PAGE else None,
        trail=trail.reader(reader),
    )


def _page(before: int | None) -> Page:
    """Return the newest dispatches, or those before one. Whoever has none of them is no matter."""
    rows = Dispatch.objects.select_related("issue__newsletter").order_by("-pk")
    older = rows.filter(pk__lt=before) if before else rows
    found = list(older[: DISPATCHES_PER_PAGE + 1])
    shown = found[:DISPATCHES_PER_PAGE]
    goes_on = len(found) > len(shown)
    return Page(
        {each.pk: each for each in shown},
        since=shown[-1].created_at if goes_on else None,
        until=rows.values_list("created_at", flat=True).filter(pk=before or 0).first(),
        older=shown[-1].pk if goes_on else None,
    )


def _moments(reader: Subscriber, page: Page, reports: Iterable[Moment]) -> list[Moment]:
    told = (_deliveries(reader.pk, page), _series(reader.pk, page), _suppressions(reader, page))
    moments = [*reports, *chain.from_iterable(told)]
    return sorted(moments, key=lambda moment: moment.at, reverse=True)


def _rows(reader: Subscriber) -> Iterator[list[Any]]:
    """Yield everything as a table, page after page."""
    yield [_("at"), _("what happened"), _("dispatch"), _("says who"), _("in their words")]
    page: Page | None = _page(None)
    while page:
        for each in _moments(reader, page, _reports(reader.pk, page)):
            at = each.at.isoformat(timespec="seconds")
            yield [at, each.what, each.dispatch or "", each.source, each.words]
        page = _page(page.older) if page.older else None


def _deliveries(reader: int, page: Page) -> Iterator[Moment]:
    # Both columns of the key are named, so this reads one row of each dispatch and no more.
    rows = Delivery.objects.filter(dispatch_id__in=list(page.dispatches), subscriber_id=reader)
    for row in rows:
        yield Moment(
            row.at,
            row.get_outcome_display(),
            TONES.get(Delivery.Outcome(row.outcome), ""),
            _("our dispatch"),
            row.code or "",
            page.dispatches[row.dispatch_id],
        )


def _reports(reader: int, page: Page) -> Iterator[Moment]:
    """Yield what was reported on the page's dispatches, and on mail of no issue in its time."""
    of_none = Q(dispatch_id=None)
    if page.since:
        of_none &= Q(at__gte=page.since)
    if page.until:
        of_none &= Q(at__lt=page.until)
    of_an_issue = Q(dispatch_id__in=list(page.dispatches))
    rows = Event.objects.filter(of_an_issue | of_none, subscriber_id=reader)
    for event in rows.defer("payload").order_by("-at").iterator():
        what = event.get_kind_display()
        if event.by_person is False:
            what = _("%(what)s, by a machine") % {"what": what}
        yield Moment(
            event.at,
            what,
            _TONES.get(Event.Kind(event.kind), ""),
            event.provider,
            event.code,
            page.dispatches.get(event.dispatch_id or 0),
        )


def _series(reader: int, page: Page) -> Iterator[Moment]:
    for row in series.history(reader):
        what = _("%(what)s: “%(subject)s” of the welcome series") % {
            "what": row.get_outcome_display(),
            "subject": row.step.subject,
        }
        tone = _SERIES_TONES.get(SeriesMail.Outcome(row.outcome), "")
        if page.has(row.at):
            yield Moment(row.at, what, tone, _("our outbox"))


def _suppressions(reader: Subscriber, page: Page) -> Iterator[Moment]:
    if not reader.address_key:
        return
    for row in suppression.history(reader.address_key):
        if page.has(row.at):
            what = _("suppressed: %(why)s") % {"why": row.get_reason_display()}
            yield Moment(row.at, what, "bad", _("our rules"), row.note)
        if row.lifted_at and page.has(row.lifted_at):
            what = _("suppression lifted: %(why)s") % {"why": row.get_reason_display()}
            yield Moment(row.lifted_at, what, "good", _("our rules"))
