"""Dispatch: who will get the issue and who will not, then one press that cannot be an accident."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from briefing import tasks
from briefing.admin import approving, audit, comparing, trail
from briefing.admin.departing import DepartureForm
from briefing.admin.gate import needs, needs_second_factor
from briefing.admin.previewing import REFUSALS
from briefing.admin.screen import render
from briefing.dispatch import control, timetable
from briefing.issues import contents, preflight, rules
from briefing.issues.rules import Finding
from briefing.models import Dispatch, Issue
from subscribers import audience

# Why somebody does not get an issue, in words. A reason without words here is shown by its name.
REASONS: dict[str, str | Promise] = {
    "unsubscribed": _("have unsubscribed"),
    "suppressed": _("must not be written to (bounce, complaint or a person’s decision)"),
    "paused": _("have paused their mail"),
    "digest": _("get the weekly digest instead"),
    "every": _("get every issue instead"),
    "topics": _("follow none of its topics"),
    "erased": _("have been erased"),
    "segment": _("are not in the segment"),
    "has it already": _("have it already, or may have it"),
    "never received it": _("never received it"),
}


@dataclass(frozen=True, slots=True)
class Excluded:
    """One reason, and how many readers it keeps out."""

    reason: str | Promise
    readers: int


@dataclass(frozen=True, slots=True)
class Found:
    """What the gate found: what blocks, what another hour passes by, what wants a name."""

    errors: list[Finding]
    later: list[Finding]
    warnings: list[Finding]


@require_http_methods(["GET", "HEAD", "POST"])
@needs("briefing.dispatch_issue")
@needs_second_factor
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Show who gets the issue and what is wrong with it; on the typed number, send or schedule it."""
    issue = get_object_or_404(Issue.objects.select_related("newsletter"), pk=pk)
    now = timezone.now()
    before = Dispatch.objects.filter(issue=issue, kind=Dispatch.Kind.MAIN).first()
    if before is not None:
        messages.info(request, _("This issue is dispatched already; here is how it goes."))
        return redirect("admin:briefing_dispatch_change", before.pk)
    last = comparing.last_planned(issue)
    count = audience.count(
        issue.newsletter,
        now=now,
        scope=contents.scope(issue),
        since=comparing.moment_of(last),
    )
    found = _sorted(preflight.findings(issue, now=now))
    approval = approving.approval_of(issue, readers=count.planned, user=request.user)
    if request.method == "POST" and (answer := _aside(request, issue, readers=count.planned)):
        return answer
    form = DepartureForm(
        request.POST or None,
        issue=issue,
        planned=count.planned,
        warnings=found.warnings,
        not_before=contents.public_from(issue),
        now=now,
    )
    if request.method == "POST" and form.is_valid() and not found.errors and not approval.missing:
        departed = _depart(request, issue, form, now=now)
        if departed is not None:
            return departed
    return render(
        request,
        "desk/dispatch_confirm.html",
        _("Dispatch"),
        issue=issue,
        zone=issue.zone or issue.newsletter.time_zone,
        articles=issue.articles.count(),
        count=count,
        excluded=excluded_from(count.excluded),
        change=last and comparing.change(last, count, words=REASONS),
        errors=found.errors,
        later=found.later,
        warnings=found.warnings,
        approval=approval,
        form=form,
        trail=trail.issue(issue),
    )


def _sorted(found: Sequence[Finding]) -> Found:
    """Tell what blocks from what only wants another hour, and from warnings."""
    blocks = [each for each in found if each.blocks]
    return Found(
        errors=[each for each in blocks if each.name != rules.EMBARGO],
        later=[each for each in blocks if each.name == rules.EMBARGO],
        warnings=[each for each in found if not each.blocks],
    )


def _aside(request: HttpRequest, issue: Issue, *, readers: int) -> HttpResponse | None:
    """Do what the page's other buttons say: approve, or take the issue out of the timetable."""
    if "approve" in request.POST:
        approving.approve(request, issue, readers=readers)
        messages.success(request, _("Approved. Somebody else can send it now."))
    elif "unschedule" in request.POST:
        if timetable.unschedule(issue.pk):
            audit.record(request, "issue.unschedule", issue)
        messages.success(request, _("It is not scheduled any more."))
    else:
        return None
    return redirect("desk-dispatch", issue.pk)


def _depart(
    request: HttpRequest, issue: Issue, form: DepartureForm, *, now: datetime
) -> HttpResponse | None:
    """Send now or later, as the form says; returns where to go, or None when it was refused."""
    in_spite_of = sorted({each.name for each in form.warnings})
    said: dict[str, Any] = {"readers": form.planned}
    if in_spite_of:
        said["in_spite_of"] = in_spite_of
    said |= form.keep(issue)
    if form.departs_at is not None:
        zone = form.cleaned_data["zone"] or "UTC"
        who = request.user.get_username()
        if not timetable.schedule(issue, at=form.departs_at, zone=zone, by=who):
            form.add_error(None, _("It is no draft any more."))
            return None
        audit.record(request, "issue.schedule", issue, at=form.departs_at.isoformat(), **said)
        messages.success(
            request, _("Scheduled. It goes out by itself, and can be changed until then.")
        )
        return redirect("desk-dispatch", issue.pk)
    try:
        countdown = timedelta(seconds=settings.UNDO_SECONDS)
        dispatch = control.start(issue, now=now, countdown=countdown)
    except (control.DispatchRefusedError, *REFUSALS) as error:
        form.add_error(None, str(error))
        return None
    audit.record(request, "issue.dispatch", issue, dispatch=dispatch.pk, **said)
    if countdown:
        tasks.begin_later(dispatch.pk, seconds=countdown.total_seconds())
    else:
        tasks.plan_later(dispatch.pk)
    return redirect("admin:briefing_dispatch_change", dispatch.pk)


def excluded_from(by_reason: dict[str, int]) -> list[Excluded]:
    """Put the reasons for exclusion into words, the most frequent first."""
    return [
        Excluded(reason=REASONS.get(reason, reason), readers=readers)
        for reason, readers in sorted(by_reason.items(), key=lambda item: -item[1])
        if readers
    ]
