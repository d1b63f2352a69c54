"""After a dispatch: the issue to those it missed, or corrected to those who received it."""

import copy
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from briefing import tasks
from briefing.admin import approving, audit, trail
from briefing.admin.departing import CountForm
from briefing.admin.gate import needs, needs_second_factor
from briefing.admin.previewing import REFUSALS
from briefing.admin.screen import render
from briefing.dispatch import control
from briefing.issues import contents, slots
from briefing.models import Delivery, Dispatch, Issue
from subscribers import audience
from subscribers.models import Subscription

Kind = Dispatch.Kind
# What a correction says of its own.
_WORDS = ("subject", "intro")
TITLES = {
    Kind.MISSED.value: _("Send to those it missed"),
    Kind.CORRECTION.value: _("Send a correction"),
}


class CorrectionForm(CountForm):
    """Lets the editor say what was wrong, in the subject and at the head of the mail."""

    subject = forms.CharField(label=_("Subject"), max_length=200)
    intro = forms.CharField(
        label=_("Introduction"),
        required=False,
        widget=forms.Textarea({"rows": 5}),
        help_text=_(
            "Markdown. Say what was wrong and what is right; the issue’s page shows it too."
        ),
    )
    field_order = ("subject", "intro", "count")

    def clean(self) -> dict[str, Any]:
        """Refuse an expression that no reader has a value for, at the field it stands in."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("subject", "intro"):
            try:
                slots.check(values.get(name, ""))
            except slots.UnknownVariableError as error:
                self.add_error(name, str(error))
        return values


@require_http_methods(["GET", "HEAD", "POST"])
@needs("briefing.dispatch_issue")
@needs_second_factor
def follow(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Show how many a following dispatch is for; on the typed number, start it."""
    issue = get_object_or_404(Issue.objects.select_related("newsletter"), pk=pk)
    main = Dispatch.objects.filter(issue=issue, kind=Kind.MAIN).first()
    if main is None:
        raise Http404
    now = timezone.now()
    planned = count(main, kind, now=now)
    form = _form(request, issue, kind, planned=planned)
    sent = request.method == "POST" and form.is_valid()
    approval = _approval(request, issue, kind, form, readers=planned)
    if sent and approval.missing:
        return _put_forward(request, issue, kind, form.cleaned_data, readers=planned)
    if sent:
        try:
            dispatch = _start(issue, kind, form.cleaned_data, now=now)
        except (control.DispatchRefusedError, *REFUSALS) as error:
            form.add_error(None, str(error))
        else:
            audit.record(request, f"issue.{kind}", issue, dispatch=dispatch.pk, readers=planned)
            tasks.plan_later(dispatch.pk)
            return redirect("admin:briefing_dispatch_change", dispatch.pk)
    return render(
        request,
        "desk/follow.html",
        TITLES[kind],
        issue=issue,
        kind=kind,
        planned=planned,
        approval=approval,
        form=form,
        trail=trail.issue(issue),
    )


def _form(request: HttpRequest, issue: Issue, kind: str, *, planned: int) -> CountForm:
    data = request.POST or None
    if kind == Kind.MISSED:
        return CountForm(data, planned=planned)
    words = {"subject": issue.subject, "intro": issue.intro} | approving.put_forward_for(issue)
    return CorrectionForm(data, planned=planned, initial=words)


def _approval(
    request: HttpRequest, issue: Issue, kind: str, form: CountForm, *, readers: int
) -> approving.Approval:
    """Return how it stands with the words in the form, for the person who has it before them."""
    words = form.cleaned_data if form.is_valid() else form.initial
    corrected = _corrected(issue, words)
    return approving.approval_of(corrected, readers=readers, user=request.user, kind=kind)


def _corrected(issue: Issue, words: Mapping[str, Any]) -> Issue:
    """Return the issue with a correction's words in it, not saved."""
    corrected = copy.copy(issue)
    corrected.subject = words.get("subject", issue.subject)
    corrected.intro = words.get("intro", issue.intro)
    return corrected


def _put_forward(
    request: HttpRequest, issue: Issue, kind: str, values: dict[str, Any], *, readers: int
) -> HttpResponse:
    """Keep what one person wants to send until a second one sends it, word for word."""
    words: dict[str, str] = {name: values[name] for name in _WORDS if name in values}
    if words:
        approving.put_forward(issue, words)
    approving.approve(request, _corrected(issue, words), readers=readers, kind=kind)
    messages.success(
        request, _("Put forward. It goes out once somebody else has opened this page and sends it.")
    )
    return redirect("desk-follow", issue.pk, kind)


@transaction.atomic
def _start(issue: Issue, kind: str, values: dict[str, Any], *, now: datetime) -> Dispatch:
    """Start it; a correction's words become the issue's, or neither happens."""
    if kind == Kind.MISSED:
        return control.start_missed(issue, now=now)
    issue.subject, issue.intro = values["subject"], values["intro"]
    issue.save(update_fields=["subject", "intro"])
    return control.start_correction(issue, now=now)


def count(main: Dispatch, kind: str, *, now: datetime) -> int:
    """Return how many readers of the main dispatch's audience a following one is for."""
    has_it = Exists(
        Delivery.objects.filter(
            dispatch_id__in=_copies_of(main),
            subscriber_id=OuterRef("subscriber_id"),
            outcome__in=(Delivery.Outcome.ACCEPTED, Delivery.Outcome.UNKNOWN),
        )
    )
    rows = _audience(main, now=now)
    return rows.filter(has_it if kind == Kind.CORRECTION else ~has_it).count()


def _copies_of(main: Dispatch) -> list[int]:
    """Return the dispatches that carried the issue itself."""
    rows = Dispatch.objects.filter(issue_id=main.issue_id).exclude(kind=Kind.CORRECTION)
    return list(rows.values_list("pk", flat=True))


def _audience(main: Dispatch, *, now: datetime) -> "QuerySet[Subscription]":
    """Return who was there when the issue first went out and may be written to now."""
    excluded = Q()
    for _reason, condition in audience.exclusions(now, scope=contents.scope(main.issue)):
        excluded |= condition
    rows = Subscription.objects.filter(
        newsletter_id=main.issue.newsletter_id, subscriber_id__lte=main.ceiling
    )
    return rows.exclude(excluded)
