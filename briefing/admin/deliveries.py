"""Who got it: the ledger of deliveries, by dispatch or by address.

A screen of its own, because Django's admin cannot show a table whose key has two columns.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django import forms
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from briefing.admin.gate import needs
from briefing.admin.screen import render
from briefing.admin.spreadsheet import as_long_csv
from briefing.models import Delivery, Dispatch
from subscribers import address
from subscribers.models import Subscriber

ROWS_PER_PAGE = 50
DISPATCHES_OFFERED = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One delivery as it is shown; `reader` is empty when whoever looks may not see addresses."""

    delivery: Delivery
    dispatch: Dispatch
    reader: str
    tone: str


TONES = {
    Delivery.Outcome.ACCEPTED: "good",
    Delivery.Outcome.DEFERRED: "wait",
    Delivery.Outcome.REJECTED: "bad",
    Delivery.Outcome.UNKNOWN: "bad",
    Delivery.Outcome.QUARANTINED: "bad",
}


class LedgerForm(forms.Form):
    """What to look for. Everything may be left out; then the newest dispatch is shown."""

    address = forms.CharField(label=_("Address"), required=False, max_length=320)
    dispatch = forms.ModelChoiceField(
        label=_("Dispatch"),
        queryset=Dispatch.objects.none(),
        required=False,
        empty_label=_("the newest"),
    )
    outcome = forms.TypedChoiceField(
        label=_("Outcome"),
        choices=[("", _("any")), *Delivery.Outcome.choices],
        coerce=int,
        empty_value=None,
        required=False,
    )
    fate = forms.TypedChoiceField(
        label=_("Reported since"),
        choices=[("", _("anything")), *Delivery.Fate.choices],
        coerce=int,
        empty_value=None,
        required=False,
    )
    after = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = Dispatch.objects.order_by("-pk")[:DISPATCHES_OFFERED].values("pk")
        self.fields["dispatch"].queryset = (  # type: ignore[attr-defined]  # a model choice field
            Dispatch.objects.filter(pk__in=list(newest.values_list("pk", flat=True)))
            .select_related("issue__newsletter")
            .order_by("-pk")
        )


@require_safe
@needs("briefing.view_delivery")
def ledger(request: HttpRequest) -> HttpResponseBase:
    """Show one page of deliveries, or give all that were asked for as CSV."""
    form = LedgerForm(request.GET)
    rows: list[Delivery] = []
    if request.GET.get("format") == "csv" and form.is_valid():
        return as_long_csv("deliveries.csv", _rows(_found(form.cleaned_data)))
    if form.is_valid():
        rows = list(_found(form.cleaned_data)[: ROWS_PER_PAGE + 1])
    return render(
        request,
        "desk/deliveries.html",
        _("Deliveries"),
        form=form,
        lines=_lines(rows[:ROWS_PER_PAGE], request),
        next_page=_next_page(request, rows),
        as_csv=_as_csv(request),
        decides=form.is_valid() and _may_decide(request, form.cleaned_data),
    )


def _may_decide(request: HttpRequest, wanted: dict[str, Any]) -> bool:
    """Whether what is shown are open questions of one dispatch, before somebody who may answer."""
    open_questions = (Delivery.Outcome.UNKNOWN, Delivery.Outcome.QUARANTINED)
    return (
        not wanted["address"]
        and wanted["outcome"] in open_questions
        and request.user.has_perm("briefing.resolve_delivery")
    )


def _found(wanted: dict[str, Any]) -> "QuerySet[Delivery]":
    """Return what was asked for, by keys only: `after` continues where the last page ended.

    It is a reader among one dispatch's, and a dispatch among those to one address.
    """
    rows = Delivery.objects.all()
    if wanted["address"]:
        # Both columns of the key are named, so this reads one row of each dispatch and no more.
        rows = rows.filter(
            dispatch_id__in=list(Dispatch.objects.values_list("pk", flat=True)),
            subscriber_id__in=_readers_at(wanted["address"]),
        ).order_by("-dispatch_id")
        if wanted["after"] is not None and not wanted["dispatch"]:
            rows = rows.filter(dispatch_id__lt=wanted["after"])
    if wanted["dispatch"] or not wanted["address"]:
        chosen = wanted["dispatch"] or Dispatch.objects.order_by("-pk").first()
        rows = rows.filter(dispatch=chosen).order_by("subscriber_id")
        if wanted["after"] is not None:
            rows = rows.filter(subscriber_id__gt=wanted["after"])
    if wanted["outcome"] is not None:
        rows = rows.filter(outcome=wanted["outcome"])
    if wanted["fate"] == Delivery.Fate.SILENT:
        rows = rows.filter(fate=Delivery.Fate.SILENT)
    elif wanted["fate"] is not None:
        rows = rows.alias(heard=F("fate").bitand(wanted["fate"])).filter(heard__gt=0)
    return rows


def _readers_at(typed: str) -> list[int]:
    try:
        key = address.parse(typed).key
    except address.AddressRefusedError:
        return []
    return list(Subscriber.objects.filter(address_key=key).values_list("pk", flat=True))


def _lines(rows: list[Delivery], request: HttpRequest) -> list[Line]:
    readers: dict[int, Subscriber] = {}
    if request.user.has_perm("subscribers.view_subscriber"):
        readers = Subscriber.objects.only("address").in_bulk(row.subscriber_id for row in rows)
    dispatches = Dispatch.objects.select_related("issue__newsletter").in_bulk(
        {row.dispatch_id for row in rows}
    )
    return [
        Line(
            delivery=row,
            dispatch=dispatches[row.dispatch_id],
            reader=str(readers.get(row.subscriber_id, "")),
            tone=TONES.get(Delivery.Outcome(row.outcome), ""),
        )
        for row in rows
    ]


def _rows(found: "QuerySet[Delivery]") -> Iterator[list[Any]]:
    """Yield everything as a table; readers by number, because addresses leave by exports alone."""
    yield [
        *(_("dispatch"), _("reader"), _("outcome"), _("reported since"), _("the server’s answer")),
        *(_("attempts"), _("at")),
    ]
    outcomes = {value: str(label) for value, label in Delivery.Outcome.choices}
    # Nearly all of a million rows share a few words: each is looked up once.
    fates = cache(lambda heard: str(Delivery(fate=heard).fate_label) if heard else "")
    columns = ("dispatch_id", "subscriber_id", "outcome", "fate", "code", "attempts", "at")
    for dispatch, reader, outcome, heard, code, attempts, at in found.values_list(
        *columns
    ).iterator(chunk_size=2000):
        told = [dispatch, reader, outcomes[outcome], fates(heard), code or "", attempts]
        yield [*told, at.isoformat(timespec="seconds")]


def _as_csv(request: HttpRequest) -> str:
    query = request.GET.copy()
    query.pop("after", None)
    query["format"] = "csv"
    return query.urlencode()


def _next_page(request: HttpRequest, rows: list[Delivery]) -> str:
    if len(rows) <= ROWS_PER_PAGE:
        return ""
    query = request.GET.copy()
    last = rows[ROWS_PER_PAGE - 1]
    of_an_address = query.get("address") and not query.get("dispatch")
    query["after"] = str(last.dispatch_id if of_an_address else last.subscriber_id)
    return query.urlencode()
