"""How the readership grows: by week or month, by cohort and by source, each a chart, a table, a CSV."""

from collections.abc import Callable, Iterator
from datetime import date
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from briefing.admin import charts
from briefing.admin.charts import Words
from briefing.admin.gate import View, needs
from briefing.admin.screen import render
from briefing.admin.spreadsheet import as_csv
from subscribers import growth as told
from subscribers.models import Newsletter

NumbersView = Callable[[HttpRequest, Newsletter], HttpResponse]

_WEEKS, _MONTHS, _COHORTS = 26, 24, 13
BY = {"week": _("By week"), "month": _("By month")}
OF = {"there": _("Still there"), "clicked": _("Clicked")}


def _of_a_newsletter(title: Words) -> Callable[[NumbersView], View]:
    """Hand a view the newsletter that was asked for, else the oldest; without any, say so."""

    def decorate(view: NumbersView) -> View:
        @wraps(view)
        def found(request: HttpRequest) -> HttpResponse:
            rows = Newsletter.objects.order_by("pk")
            slug = request.GET.get("newsletter")
            newsletter = (rows.filter(slug=slug) if slug else rows).first()
            if newsletter is not None:
                return view(request, newsletter)
            if slug:
                raise Http404
            return render(request, "desk/no_numbers.html", title)

        return found

    return decorate


@require_safe
@needs("briefing.view_dispatch")
@_of_a_newsletter(_("Growth"))
def growth(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Show who asked, joined, left and is there, by week or month."""
    by = _choice(request, "by", BY)
    periods = _periods(newsletter, by)
    if request.GET.get("format") == "csv":
        return as_csv(f"{newsletter.slug}-growth-by-{by}.csv", _growth_rows(periods))
    return render(
        request,
        "desk/growth.html",
        _("Growth"),
        periods=periods[::-1],
        bands=[
            charts.band(
                _("there at the end"),
                "c",
                [each.there for each in periods],
                total=periods[-1].there,
            ),
            charts.band(_("asked"), "a", [each.asked for each in periods]),
            charts.band(_("joined"), "b", [each.joined for each in periods]),
            charts.band(_("left"), "d", [each.left for each in periods]),
            charts.band(_("withheld"), "d", [each.withheld for each in periods]),
        ],
        ends=charts.ends([each.begins for each in periods]),
        choices=BY,
        chosen=by,
        parameter="by",
        **_shared(newsletter),
    )


@require_safe
@needs("briefing.view_dispatch")
@_of_a_newsletter(_("Cohorts"))
def cohorts(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Show how many of each month's new readers are still there, or clicked, month after month."""
    of = _choice(request, "of", OF)
    found = told.cohorts(newsletter.pk, today=_today(), most=_COHORTS)
    if request.GET.get("format") == "csv":
        return as_csv(f"{newsletter.slug}-cohorts.csv", _cohort_rows(found))
    rows = [(each, [(n, _percent(n, each.joined)) for n in getattr(each, of)]) for each in found]
    # The oldest month below: the table reads like the drawing above it.
    rows.reverse()
    return render(
        request,
        "desk/cohorts.html",
        _("Cohorts"),
        rows=rows,
        columns=range(_COHORTS),
        grid=charts.grid(
            [[(percent or 0) / 100 for _n, percent in cells] for _each, cells in rows]
        ),
        choices=OF,
        chosen=of,
        parameter="of",
        **_shared(newsletter),
    )


@require_safe
@needs("briefing.view_dispatch")
@_of_a_newsletter(_("Sources"))
def sources(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Show where readers came from, how many of them confirmed, and how many are there."""
    found = told.sources(newsletter.pk)
    if request.GET.get("format") == "csv":
        return as_csv(f"{newsletter.slug}-sources.csv", _source_rows(found))
    most = max((max(each.asked, each.joined) for each in found), default=1)
    return render(
        request,
        "desk/sources.html",
        _("Sources"),
        rows=[(each, _source_name(each), _source_bar(each, of=most)) for each in found],
        **_shared(newsletter),
    )


def _periods(newsletter: Newsletter, by: str) -> list[told.Period]:
    if by == "month":
        return told.months(newsletter.pk, today=_today(), most=_MONTHS)
    return told.weeks(newsletter.pk, today=_today(), most=_WEEKS)


def _growth_rows(periods: list[told.Period]) -> Iterator[list[Any]]:
    head = (_("begins"), _("asked"), _("joined"), _("left"), _("withheld"), _("there at the end"))
    yield list(head)
    for each in periods:
        yield [each.begins, each.asked, each.joined, each.left, each.withheld, each.there]


def _cohort_rows(found: list[told.Cohort]) -> Iterator[list[Any]]:
    yield [_("joined in"), _("joined"), _("months later"), _("still there"), _("clicked")]
    for each in found:
        for later, (there, clicked) in enumerate(zip(each.there, each.clicked, strict=True)):
            yield [each.month, each.joined, later, there, clicked]


def _source_rows(found: list[told.Source]) -> Iterator[list[Any]]:
    yield [_("source"), _("asked"), _("joined"), _("still there")]
    for each in found:
        yield [_source_name(each), each.asked, each.joined, each.there]


def _source_name(source: told.Source) -> Any:
    if source.rest:
        return _("all others")
    return source.name or _("not said")


def _source_bar(source: told.Source, *, of: int) -> list[charts.Bar]:
    return charts.stacked(
        [
            ("good", source.there),
            ("wait", source.joined - source.there),
            ("none", source.asked - source.joined),
        ],
        of=of,
    )


def _percent(number: int, of: int) -> int | None:
    return round(100 * number / of) if of else None


def _choice(request: HttpRequest, name: str, choices: dict[str, Any]) -> str:
    asked = request.GET.get(name, "")
    return asked if asked in choices else next(iter(choices))


def _shared(newsletter: Newsletter) -> dict[str, Any]:
    return {"newsletter": newsletter, "newsletters": Newsletter.objects.order_by("pk")}


def _today() -> date:
    return timezone.now().date()
