"""A burst of hard bounces at the desk: a person says whose fault it is, once."""

from django.contrib import messages
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from briefing.admin import audit, trail
from briefing.admin.gate import needs, needs_second_factor
from briefing.admin.screen import render
from briefing.dispatch import fate
from briefing.models import Burst, Event, EventCount
from briefing.tracking import consequences

WORDS_SHOWN = 10


@require_http_methods(["GET", "HEAD", "POST"])
@needs("briefing.steer_dispatch")
@needs_second_factor
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what the receiving servers said; on a decision, suppress those readers or spare them."""
    burst = get_object_or_404(Burst.objects.select_related("dispatch__issue__newsletter"), pk=pk)
    decision = request.POST.get("decision", "")
    if request.method == "POST" and decision in {Burst.Decision.SUPPRESS, Burst.Decision.SPARE}:
        who = request.user.get_username()
        number = consequences.decide(burst, decision, by=who, now=timezone.now())
        audit.record(request, f"burst.{decision}", burst.dispatch, readers=number)
        words = ngettext(
            "Decided: %(number)d reader is suppressed.",
            "Decided: %(number)d readers are suppressed.",
            number,
        )
        messages.success(request, words % {"number": number})
        return redirect("admin:briefing_dispatch_change", pk)
    counted = EventCount.objects.filter(dispatch_id=pk, kind=fate.HARD_BOUNCED, link=-1)
    return render(
        request,
        "desk/burst.html",
        _("Unusually many bounces"),
        burst=burst,
        number=counted.aggregate(all=Sum("number"))["all"] or 0,
        words=_words(pk),
        trail=trail.dispatches(),
    )


def _words(dispatch_id: int) -> list[str]:
    """Return what receiving servers said, each once: the same words of many point to us."""
    rows = Event.objects.filter(dispatch_id=dispatch_id, kind=Event.Kind.HARD_BOUNCED)
    return sorted(set(rows.exclude(code="").values_list("code", flat=True)[:500]))[:WORDS_SHOWN]
