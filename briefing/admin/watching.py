"""Watch a dispatch go out, and stop it: numbers that refresh themselves, switches that are POSTs."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from briefing import tasks
from briefing.admin import audit, firsts, going, trail
from briefing.admin.gate import needs, needs_second_factor
from briefing.admin.screen import render
from briefing.admin.sending import Excluded, excluded_from
from briefing.dispatch import control, deciding, holding, lanes, timetable
from briefing.dispatch.progress import Progress, measure
from briefing.dispatch.states import ENDED, SENDING, ForbiddenStepError
from briefing.models import Delivery, Dispatch, Trial

# How each outcome is drawn, in the order in which the bar and the table show them.
TONES = {
    "accepted": "good",
    "deferred": "wait",
    "rejected": "bad",
    "unknown": "bad",
    "quarantined": "bad",
    "skipped": "",
    "cancelled": "",
}
BAR_UNITS = 1000
# A person set it so, or a guard did: a person sets it going again.
WAITING = (Dispatch.State.PAUSED, Dispatch.State.HOLDING)
# Switches after which mail leaves.
SENDS = ("resume", "go-on")


@dataclass(frozen=True, slots=True)
class Part:
    """One outcome's number, and where its piece of the bar begins and how long it is."""

    outcome: Delivery.Outcome
    number: int
    tone: str
    begin: float
    length: float


@dataclass(frozen=True, slots=True)
class Panel:
    """What the panel shows at one moment."""

    progress: Progress
    parts: list[Part]
    excluded: list[Excluded]
    percent: int
    per_second: float
    ending: str
    lanes: list[lanes.Lane]
    troubles: list[str]
    is_over: bool
    is_held: bool


def panel(dispatch_id: int) -> Panel:
    """Measure a dispatch for the eye."""
    progress, now = measure(dispatch_id), timezone.now()
    domains = lanes.measure(dispatch_id)
    total = max(progress.planned, 1)
    parts, begin = [], 0.0
    for name, tone in TONES.items():
        number = progress.by_outcome[name]
        length = BAR_UNITS * number / total
        parts.append(Part(Delivery.Outcome[name.upper()], number, tone, begin, length))
        begin += length
    # Of a cancelled one a worker still writes down whom it did not reach.
    is_over = progress.state in ENDED and not progress.open
    moving = progress.state == Dispatch.State.RUNNING
    return Panel(
        progress=progress,
        parts=parts,
        excluded=excluded_from(progress.excluded),
        percent=int(100 * progress.settled / total),
        per_second=progress.rate(now=now),
        ending=going.ending(progress, domains, now=now) if moving else "",
        lanes=domains,
        troubles=[] if is_over else list(going.troubles(dispatch_id, progress, domains, now=now)),
        is_over=is_over,
        is_held=not is_over and bool(holding.held()),
    )


@never_cache
@require_safe
@needs("briefing.view_dispatch")
def watch(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the whole screen, or to htmx only the panel that changes."""
    rows = Dispatch.objects.select_related("issue__newsletter", "edition")
    try:
        dispatch = rows.get(pk=pk)
        first = firsts.seen(dispatch)
        context: dict[str, Any] = {"dispatch": dispatch, "panel": panel(pk), "first": first}
    except Dispatch.DoesNotExist as error:
        if not request.headers.get("HX-Request"):
            raise Http404 from error
        # Somebody has undone it, here or at another desk, even while this one was looking.
        return TemplateResponse(request, "desk/_dispatch_undone.html")
    if request.headers.get("HX-Request"):
        response = TemplateResponse(request, "desk/_dispatch_panel.html", context)
        seen = request.GET.get("seen", dispatch.state)
        if seen != dispatch.state or context["panel"].is_over:
            # What stands outside the panel fits what was: show the page anew.
            response["HX-Refresh"] = "true"
        return response
    is_halted = first is not None and first.trial.state == Trial.State.HALTED
    goes = dispatch.state == Dispatch.State.CANARY or is_halted
    switches = {
        "can_pause": dispatch.state in SENDING,
        "can_undo": dispatch.begins_at is not None,
        "can_go_on": goes and dispatch.state not in ENDED,
        "can_resume": dispatch.state in WAITING and not (dispatch.begins_at or is_halted),
        "can_cancel": dispatch.state not in ENDED,
    }
    return render(
        request,
        "desk/dispatch.html",
        str(dispatch),
        **context,
        **switches,
        switches=any(switches.values()),
        trail=trail.dispatches(),
    )


@require_POST
@needs("briefing.steer_dispatch")
def steer(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Throw one of the switches. What sends asks for a second factor; stopping asks for nothing."""
    return _sent_on(request, pk, act) if act in SENDS else _steer(request, pk, act)


def _steer(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Throw a switch; the address table lets only their names through."""
    dispatch = get_object_or_404(Dispatch, pk=pk)
    if act == "undo":
        return _undo(request, dispatch)
    try:
        done = _throw(act, dispatch, who=request.user.get_username())
    except ForbiddenStepError as error:
        messages.error(
            request,
            _("Nothing was changed: the dispatch is %(state)s by now.")
            % {"state": Dispatch.State(error.current).label},
        )
    else:
        # After a pause nobody needs to be woken; a cancelled rest is written down by a worker.
        if act != "pause":
            tasks.ring(pk)
        audit.record(request, f"dispatch.{act}", dispatch)
        messages.success(request, done)
    return redirect("admin:briefing_dispatch_change", pk)


_sent_on = needs_second_factor(_steer)


def _undo(request: HttpRequest, dispatch: Dispatch) -> HttpResponse:
    """Call a dispatch back while its countdown runs, and go to the issue, a draft again."""
    issue = dispatch.issue
    if not timetable.undo(dispatch):
        messages.error(
            request, _("Too late to undo: it has begun. You can still pause or cancel it.")
        )
        return redirect("admin:briefing_dispatch_change", dispatch.pk)
    audit.record(request, "dispatch.undo", issue)
    messages.success(request, _("Undone. Nobody was written to, and the issue is a draft again."))
    return redirect("admin:briefing_issue_change", issue.pk)


def _throw(act: str, dispatch: Dispatch, *, who: str) -> str:
    """Take the step and return what to say about it. Raises: ForbiddenStepError."""
    reason = str(_("by %(who)s at the desk") % {"who": who})
    if act == "pause":
        control.pause(dispatch, reason=reason)
        return str(_("Paused. What was on the wire is still being answered."))
    if act == "cancel":
        control.cancel(dispatch, reason=reason)
        return str(_("Cancelled. Readers who had not been reached yet will not be."))
    if act == "go-on":
        trial = get_object_or_404(Trial, pk=dispatch.pk)
        deciding.overrule(trial, by=who, now=timezone.now())
        return str(_("The others are being written to."))
    # The engine also lets a finished dispatch run again, for copies that are sent anew.
    if dispatch.state not in WAITING:
        raise ForbiddenStepError(dispatch.state, Dispatch.State.RUNNING)
    control.resume(dispatch)
    return str(_("Resumed where it had stopped."))
