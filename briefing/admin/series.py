"""The welcome series at the desk: its row of mails with their numbers, their order, and its switch.

Laying out is an editor's work. What is changed while the series is on reaches readers without another
look, so it asks for what sending asks for.
"""

from functools import wraps
from typing import Any

from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from briefing.admin import audit, trail
from briefing.admin.gate import View, needs, needs_second_factor
from briefing.admin.screen import render
from subscribers import steps
from subscribers.models import Newsletter, SeriesPlace, SeriesStep

SENDS = "briefing.dispatch_issue"
_BY = {"up": -1, "down": 1}


def acts(view: View) -> View:
    """Refuse to change a series that is on to whoever may not send, or has shown no second factor."""

    @wraps(view)
    def guarded(request: HttpRequest, **named: Any) -> HttpResponse:
        on = Newsletter.objects.filter(series_on=True)
        found = (
            on.filter(series_steps=named["pk"]) if "pk" in named else on.filter(slug=named["slug"])
        )
        if request.method != "POST" or not found.exists():
            return view(request, **named)
        return needs(SENDS)(needs_second_factor(view))(request, **named)

    return guarded


def standing(pk: int) -> SeriesStep:
    """Return a step that is laid out. Raises: Http404."""
    rows = SeriesStep.objects.select_related("newsletter").filter(removed_at=None)
    return get_object_or_404(rows, pk=pk)


def address_of(newsletter: Newsletter, *, at: str = "") -> str:
    """Return where a newsletter's series stands, at one of its rows for whoever tabs through them."""
    return f"{reverse('desk-series')}?newsletter={newsletter.slug}{at and f'#{at}'}"


@require_safe
@needs("subscribers.view_seriesstep")
def series(request: HttpRequest) -> HttpResponse:
    """Show a newsletter's series: what comes when, and what became of it."""
    newsletters = list(Newsletter.objects.order_by("pk"))
    named = [each for each in newsletters if each.slug == request.GET.get("newsletter", "")]
    newsletter = next(iter(named or newsletters), None)
    if newsletter is None:
        return render(request, "desk/no_numbers.html", _("Welcome series"))
    row = steps.of(newsletter).annotate(went=F("accepted") + F("unknown"))
    places = SeriesPlace.objects.filter(newsletter=newsletter, next_at__isnull=False)
    return render(
        request,
        "desk/series.html",
        _("Welcome series"),
        newsletters=newsletters,
        newsletter=newsletter,
        row=row,
        under_way=places.count(),
        may_send=request.user.has_perm(SENDS),
        may_change=_may_change(request, newsletter),
    )


@require_POST
@needs("subscribers.change_seriesstep")
@acts
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a step change days with its neighbour."""
    step = standing(pk)
    way = "up" if "up" in request.POST else "down"
    if steps.move(step, _BY[way], now=timezone.now()):
        audit.record(request, "series.move", step, way=way)
        step.refresh_from_db()
        told = _("“%(subject)s” comes on day %(day)d now.")
        messages.success(request, told % {"subject": step.subject, "day": step.day})
    return redirect(address_of(step.newsletter, at=f"{way}-{pk}"))


@require_POST
@needs("subscribers.change_seriesstep")
@acts
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a step out; whoever has had it has had it."""
    step = standing(pk)
    steps.remove(step, now=timezone.now())
    audit.record(request, "series.remove", step)
    messages.success(request, _("“%(subject)s” is taken out.") % {"subject": step.subject})
    return redirect(address_of(step.newsletter))


@require_POST
@needs(SENDS)
@needs_second_factor
def switch_on(request: HttpRequest, slug: str) -> HttpResponse:
    """Let the series begin for whoever confirms from now on."""
    newsletter = get_object_or_404(Newsletter, slug=slug)
    try:
        steps.switch_on(newsletter)
    except steps.CannotStartError:
        messages.error(request, _("It needs a mail and the newsletter’s postal address first."))
    else:
        audit.record(request, "series.on", newsletter)
        messages.success(request, _("The series is on, for whoever confirms from now on."))
    return redirect(address_of(newsletter))


@require_POST
@needs(SENDS)
def switch_off(request: HttpRequest, slug: str) -> HttpResponse:
    """Stop the series. Stopping asks for no second factor."""
    newsletter = get_object_or_404(Newsletter, slug=slug)
    steps.switch_off(newsletter)
    audit.record(request, "series.off", newsletter)
    messages.success(request, _("The series is off: nothing of it leaves any more."))
    return redirect(address_of(newsletter))


def _may_change(request: HttpRequest, newsletter: Newsletter) -> bool:
    """Whether this person's changes would be taken."""
    lays_out = request.user.has_perm("subscribers.change_seriesstep")
    return lays_out and (not newsletter.series_on or request.user.has_perm(SENDS))


def back(newsletter: Newsletter) -> trail.Trail:
    """Lead back to the series."""
    return [(_("Welcome series"), address_of(newsletter))]
