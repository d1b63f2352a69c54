"""Decides what became of deliveries without an answer: the ones that somebody ticked, and no others."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from briefing import tasks
from briefing.admin import audit
from briefing.admin.gate import needs, needs_second_factor
from briefing.dispatch import resolving
from briefing.models import Delivery, Dispatch

MAX_READERS = 500


class DecisionForm(forms.Form):
    """One decision about some readers of one dispatch."""

    dispatch = forms.ModelChoiceField(queryset=Dispatch.objects.all())
    outcome = forms.TypedChoiceField(choices=Delivery.Outcome.choices, coerce=int)
    verdict = forms.ChoiceField(
        choices=[("accept", "accept"), ("reject", "reject"), ("resend", "resend")]
    )
    readers = forms.TypedMultipleChoiceField(
        coerce=int, error_messages={"required": _("Tick the deliveries that you decide about.")}
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        typed = [each for each in data.getlist("readers")[:MAX_READERS] if each.isdecimal()]
        self.fields["readers"].choices = [(each, each) for each in typed]  # type: ignore[attr-defined]  # a choice field


@require_POST
@needs("briefing.resolve_delivery")
@needs_second_factor
def resolve(request: HttpRequest) -> HttpResponse:
    """Write the decision down, and wake a worker when something is to be sent again."""
    form = DecisionForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, str(errors[0]))
        return redirect("desk-deliveries")
    number = _decide(request, form.cleaned_data)
    messages.success(
        request,
        ngettext("%(number)d delivery decided.", "%(number)d deliveries decided.", number)
        % {"number": number},
    )
    dispatch, outcome = form.cleaned_data["dispatch"], form.cleaned_data["outcome"]
    return redirect(f"{reverse('desk-deliveries')}?dispatch={dispatch.pk}&outcome={outcome}")


def _decide(request: HttpRequest, decision: dict[str, Any]) -> int:
    dispatch, readers = decision["dispatch"], decision["readers"]
    who = request.user.get_username()
    if decision["verdict"] == "accept":
        number = resolving.accept(dispatch.pk, readers, by=who)
    elif decision["verdict"] == "reject":
        number = resolving.reject(dispatch.pk, readers, by=who)
    else:
        number = resolving.resend(dispatch.pk, readers, by=who, now=timezone.now())
        tasks.drain_later(dispatch.pk)
    audit.record(request, f"delivery.{decision['verdict']}", dispatch, deliveries=number)
    return number
