"""What became of an issue: each figure in a chart with its table beside it, and all of it as CSV."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from briefing.admin import charts, firsts, reported
from briefing.admin.gate import needs
from briefing.admin.screen import render
from briefing.admin.sending import excluded_from
from briefing.admin.spreadsheet import as_csv
from briefing.dispatch import fate
from briefing.issues import subjects
from briefing.models import Article, Delivery, Issue
from briefing.tracking import hours, humans, reports

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
_BAR_UNITS = 1000
_ARTICLE = re.compile(rf"^{re.escape(settings.PUBLIC_BASE_URL)}/articles/([\w-]+)/")


@dataclass(frozen=True, slots=True)
class Line:
    """One figure: its name, its number, and how long its bar is."""

    name: str | Promise
    number: int
    tone: str
    length: float
    headline: str = ""

    @property
    def link(self) -> str:
        """A link as it is read: an article's headline, or the address without the site's own."""
        return self.headline or str(self.name).removeprefix(settings.PUBLIC_BASE_URL)


@require_safe
@needs("briefing.view_dispatch")
def issue(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the report of an issue or of one of its dispatches, or give it as CSV."""
    of = reported.subject(request, pk)
    report = of.report
    handed = lines(
        [
            (Delivery.Outcome[name.upper()].label, report.outcomes.get(name, 0), tone)
            for name, tone in _SHOWN
        ]
    )
    heard = lines(
        [(Delivery.Fate(bit).label, report.heard.get(bit, 0), tone) for bit, tone in _HEARD]
    )
    clicks = link_lines(report.links)
    parts = {_("handed over"): handed, _("reported since"): heard, _("clicks"): clicks}
    first = firsts.seen(of.told[0]) if of.told else None
    if request.GET.get("format") == "csv":
        rows = [*_rows(report, parts), *_subject_rows(of.issue, first)]
        return as_csv(f"{of.name}.csv", rows)
    return render(
        request,
        "desk/report.html",
        _("Report"),
        report=report,
        first=first,
        handed=handed,
        heard=heard,
        clicks=clicks,
        domains=_with_bars(report.domains),
        excluded=excluded_from(report.excluded),
        candidates=report.candidates,
        rules=humans.RULES,
        **reported.shared(of, "desk-report"),
    )


@require_safe
@needs("briefing.view_dispatch")
def course(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how an issue went hour by hour, or day by day once it is old, or give it as CSV."""
    of = reported.subject(request, pk)
    told = hours.course(of.told)
    unit = _("day") if told.by_days else _("hour")
    if request.GET.get("format") == "csv":
        head = [unit, _("accepted"), _("delivered"), _("clicks")]
        rows = [[p.number + 1, p.accepted, p.delivered, p.clicked] for p in told.points]
        return as_csv(f"{of.name}-over-time.csv", [head, *rows])
    return render(
        request,
        "desk/course.html",
        _("Over time"),
        points=told.points,
        by_days=told.by_days,
        bands=[
            charts.band(_("accepted"), "a", [point.accepted for point in told.points]),
            charts.band(_("delivered"), "b", [point.delivered for point in told.points]),
            charts.band(_("clicks of people"), "d", [point.clicked for point in told.points]),
        ],
        ends=charts.ends([f"{unit} {point.number + 1}" for point in told.points]),
        **reported.shared(of, "desk-course"),
    )


def _with_bars(domains: list[reports.Domain]) -> list[tuple[reports.Domain, list[charts.Bar]]]:
    """Return domains, each with a bar of what arrived, what came back and what nobody spoke of."""
    most = max((each.accepted for each in domains), default=1)
    return [
        (
            each,
            charts.stacked(
                [
                    ("good", each.delivered),
                    ("bad", each.bounced),
                    ("none", each.accepted - each.delivered - each.bounced),
                ],
                of=most,
            ),
        )
        for each in domains
    ]


def lines(figures: list[tuple[Any, int, str]]) -> list[Line]:
    """Return figures with bars as long as they are large, the largest filling the width."""
    most = max((number for _name, number, _tone in figures), default=0) or 1
    return [
        Line(name, number, tone, round(_BAR_UNITS * number / most, 1))
        for name, number, tone in figures
    ]


def link_lines(links: list[reports.LinkClicks]) -> list[Line]:
    """Return the clicks on each link; one that leads to an article is told by its headline."""
    slugs = {each.url: found[1] for each in links if (found := _ARTICLE.search(each.url))}
    rows = Article.objects.filter(slug__in=slugs.values()).values_list("slug", "headline")
    headlines = dict(rows)
    return [
        replace(line, headline=headlines.get(slugs.get(str(line.name), ""), ""))
        for line in lines([(each.url, each.clicks, "good") for each in links])
    ]


def _rows(report: reports.Report, parts: dict[Any, list[Line]]) -> Iterator[list[Any]]:
    yield ["", _("planned"), report.planned]
    yield ["", _("tried a second time"), report.again]
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


def _subject_rows(about: Issue, first: firsts.Seen | None) -> Iterator[list[Any]]:
    """Yield what two subjects on trial brought, each with its own figures."""
    if first is None or not first.is_of_subjects:
        return
    figures = first.figures
    for arm, copies, clicks in (
        (subjects.A, figures.copies_a, figures.clicks_a),
        (subjects.B, figures.copies_b, figures.clicks_b),
    ):
        subject = subjects.of(about, arm)
        yield [_("copies accepted by subject"), subject, copies]
        yield [_("clicks of people by subject"), subject, clicks]
        yield [_("subject chosen for the others"), subject, int(first.trial.winner == arm)]
