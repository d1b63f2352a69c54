"""In what a provider and we differ: what was mended by night, and what a person has to look at."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from briefing.admin import audit
from briefing.admin.gate import needs, needs_second_factor
from briefing.admin.screen import render
from briefing.admin.spreadsheet import as_csv
from briefing.models import Dispatch, Reconciliation, Repair
from briefing.providers.table import DESKS
from briefing.reconciling import comparing, nightly
from briefing.transports.capabilities import CAPABILITIES
from subscribers.models import Subscriber

ROWS_PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One repair as it is shown; `reader` is empty when whoever looks may not see addresses."""

    repair: Repair
    provider: str
    reader: str
    dispatch: Dispatch | None
    tone: str


class RepairsForm(forms.Form):
    """What to look for."""

    kind = forms.ChoiceField(
        label=_("What"), choices=[("", _("everything")), *Repair.Kind.choices], required=False
    )
    before = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)


@require_safe
@needs("briefing.view_delivery")
def repairs(request: HttpRequest) -> HttpResponse:
    """Show how the last comparison with each provider went, and a page of what was found."""
    form = RepairsForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {"kind": "", "before": None}
    found = _found(wanted)
    if request.GET.get("format") == "csv":
        return as_csv("repairs.csv", _rows(found))
    rows = list(found[: ROWS_PER_PAGE + 1])
    return render(
        request,
        "desk/repairs.html",
        _("Repairs"),
        form=form,
        comparisons=[(each, name_of(each.provider)) for each in _latest()],
        asked=[name_of(each) for each in nightly.providers()],
        known=", ".join(sorted(map(name_of, DESKS))),
        lines=_lines(rows[:ROWS_PER_PAGE], request),
        next_page=_next_page(request, rows),
        decides=request.user.has_perm("briefing.steer_dispatch"),
    )


@require_POST
@needs("briefing.steer_dispatch")
@needs_second_factor
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a person's word for suppressions that were held back, once."""
    one = get_object_or_404(Reconciliation, pk=pk)
    decision = request.POST.get("decision", "")
    if decision not in {"believe", "refuse"}:
        return redirect("desk-repairs")
    believed = decision == "believe"
    number = comparing.decide(one, believed=believed, now=timezone.now())
    act = "reconciliation.believed" if believed else "reconciliation.refused"
    audit.record(request, act, one, readers=number)
    words = ngettext(
        "Decided about %(number)d reader.", "Decided about %(number)d readers.", number
    )
    messages.success(request, words % {"number": number})
    return redirect("desk-repairs")


def name_of(provider: str) -> str:
    """Return a provider's name as it writes it itself."""
    return CAPABILITIES[provider].name if provider in CAPABILITIES else provider


def _latest() -> list[Reconciliation]:
    """Return the last comparison with each provider; what an earlier one held back it finds again."""
    newest: dict[str, Reconciliation] = {}
    for each in Reconciliation.objects.order_by("-pk")[:200]:
        newest.setdefault(each.provider, each)
    return [newest[provider] for provider in sorted(newest)]


def _found(wanted: dict[str, Any]) -> "QuerySet[Repair]":
    """Return what was asked for, newest first: `before` continues where the last page ended."""
    rows = Repair.objects.order_by("-pk")
    if wanted["kind"]:
        rows = rows.filter(kind=wanted["kind"])
    return rows.filter(pk__lt=wanted["before"]) if wanted["before"] else rows


def _lines(rows: list[Repair], request: HttpRequest) -> list[Line]:
    readers: dict[int, Subscriber] = {}
    if request.user.has_perm("subscribers.view_subscriber"):
        readers = Subscriber.objects.only("address").in_bulk(row.subscriber_id for row in rows)
    dispatches = Dispatch.objects.select_related("issue__newsletter").in_bulk(
        {row.dispatch_id for row in rows}
    )
    return [
        Line(
            repair=row,
            provider=name_of(row.provider),
            reader=str(readers.get(row.subscriber_id, "")),
            dispatch=dispatches.get(row.dispatch_id),
            tone="good" if row.kind in Repair.MENDED else "wait",
        )
        for row in rows
    ]


def _rows(found: "QuerySet[Repair]") -> Iterator[list[Any]]:
    """Yield everything as a table; readers by number, because addresses leave by exports alone."""
    yield [_("at"), _("provider"), _("what"), _("reader"), _("dispatch"), _("what was said")]
    for row in found.iterator(chunk_size=1000):
        at = row.at.isoformat(timespec="seconds")
        what, of = row.get_kind_display(), row.dispatch_id or ""
        yield [at, name_of(row.provider), what, row.subscriber_id, of, row.words]


def _next_page(request: HttpRequest, rows: list[Repair]) -> str:
    if len(rows) <= ROWS_PER_PAGE:
        return ""
    query = request.GET.copy()
    query["before"] = str(rows[ROWS_PER_PAGE - 1].pk)
    return query.urlencode()
