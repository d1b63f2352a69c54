"""What became of an issue: each figure in a chart with its table beside it, and all of it as CSV."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from briefing.admin import trail
from briefing.admin.gate import needs
from briefing.admin.screen import render
from briefing.admin.sending import excluded_from
from briefing.dispatch import fate
from briefing.models import Delivery, Issue
from briefing.tracking import humans, reports

_SHOWN = (
    ("accepted", "good"),
    ("rejected", "bad"),
    ("deferred", "wait"),
    ("unknown", "wait"),
    ("skipped", ""),
    ("quarantined", "bad"),
    ("cancelled", ""),
)
_HEARD = (
    (fate.DELIVERED, "good"),
    (fate.DEFERRED, "wait"),
    (fate.SOFT_BOUNCED, "wait"),
    (fate.HARD_BOUNCED, "bad"),
    (fate.BLOCKED, "bad"),
    (fate.COMPLAINED, "bad"),
    (fate.UNSUBSCRIBED, ""),
    (fate.OPENED, "good"),
    (fate.CLICKED, "good"),
)
# Cells that a spreadsheet would take for a formula. Source: OWASP, CSV Injection.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BAR_UNITS = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """One figure: its name, its number, and how long its bar is."""

    name: str | Promise
    number: int
    tone: str
    length: float


@require_safe
@needs("briefing.view_dispatch")
def issue(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an issue's report, or give it as CSV."""
    of = get_object_or_404(Issue.objects.select_related("newsletter"), pk=pk)
    report = reports.of_issue(of)
    handed = lines(
        [
            (Delivery.Outcome[name.upper()].label, report.outcomes.get(name, 0), tone)
            for name, tone in _SHOWN
        ]
    )
    heard = lines(
        [(Delivery.Fate(bit).label, report.heard.get(bit, 0), tone) for bit, tone in _HEARD]
    )
    clicks = lines([(link.url, link.clicks, "good") for link in report.links])
    excluded = excluded_from(report.excluded)
    if request.GET.get("format") == "csv":
        return as_csv(
            f"{of.newsletter.slug}-{of.number}.csv",
            _rows(
                report, {_("handed over"): handed, _("reported since"): heard, _("clicks"): clicks}
            ),
        )
    return render(
        request,
        "desk/report.html",
        _("Report"),
        issue=of,
        report=report,
        handed=handed,
        heard=heard,
        clicks=clicks,
        excluded=excluded,
        candidates=report.candidates,
        rules=humans.RULES,
        trail=trail.issue(of),
    )


def lines(figures: list[tuple[Any, int, str]]) -> list[Line]:
    """Return figures with bars as long as they are large, the largest filling the width."""
    most = max((number for _name, number, _tone in figures), default=0) or 1
    return [
        Line(name, number, tone, round(_BAR_UNITS * number / most, 1))
        for name, number, tone in figures
    ]


def as_csv(name: str, rows: Iterator[list[Any]]) -> HttpResponse:
    """Return rows as a CSV file to download."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.writer(response)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return response


def _rows(report: reports.Report, parts: dict[Any, list[Line]]) -> Iterator[list[Any]]:
    yield ["", _("planned"), report.planned]
    for reason in excluded_from(report.excluded):
        yield [_("left out"), reason.reason, reason.readers]
    for part, figures in parts.items():
        yield from ([part, each.name, each.number] for each in figures)
    for domain in report.domains:
        name = domain.name or _("all others")
        yield [_("accepted by domain"), name, domain.accepted]
        yield [_("delivered by domain"), name, domain.delivered]
        yield [_("bounced by domain"), name, domain.bounced]
        yield [_("complained by domain"), name, domain.complained]


def _harmless(cell: Any) -> Any:
    text = cell if isinstance(cell, int) else str(cell)
    return f"'{text}" if isinstance(text, str) and text.startswith(_FORMULA) else text
