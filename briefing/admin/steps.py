"""One mail of a welcome series at the desk: written, looked at as its readers will, and tried."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_safe

from briefing.admin import audit, guises
from briefing.admin.gate import needs
from briefing.admin.mailform import MailForm
from briefing.admin.previewing import REFUSALS, framed
from briefing.admin.screen import render
from briefing.admin.series import acts, address_of, back, standing
from briefing.admin.trying import TestForm, is_too_much, tell
from briefing.issues import testing
from subscribers import emails, steps
from subscribers.models import Newsletter, SeriesStep
from subscribers.models.series import LAST_DAY
from subscribers.ports import Mail
from subscribers.steps import Written

_TEXTS = ("subject", "preheader", "text")


class StepForm(MailForm):
    """When a step comes and what it says."""

    day = forms.IntegerField(
        label=_("Days after confirming"),
        min_value=1,
        max_value=LAST_DAY,
        help_text=_("The welcome itself comes at once. Each mail has a day of its own."),
    )
    text = forms.CharField(
        label=_("Text"),
        widget=forms.Textarea({"rows": 16}),
        help_text=_("Markdown. {{ name|there }} becomes the reader’s name, or “there”."),
    )

    def refuse_day(self) -> None:
        """Say that another step has this day."""
        self.add_error("day", _("Another mail of the series has this day."))


@require_http_methods(["GET", "HEAD", "POST"])
@needs("subscribers.change_seriesstep")
@acts
def add(request: HttpRequest, slug: str) -> HttpResponse:
    """Write the next step."""
    newsletter = get_object_or_404(Newsletter, slug=slug)
    last = steps.of(newsletter).last()
    first = {"day": min(LAST_DAY, last.day + 3) if last else 2}
    form = StepForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            step = steps.add(newsletter, Written(**form.cleaned_data), now=timezone.now())
        except steps.DayTakenError:
            form.refuse_day()
        else:
            audit.record(request, "series.add", step, day=step.day)
            return redirect("desk-step-preview", step.pk)
    return _shown(request, form, newsletter, None)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("subscribers.change_seriesstep")
@acts
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a step, and keep what an editor makes of it, for whoever has not had it."""
    step = standing(pk)
    first = {name: getattr(step, name) for name in ("day", *_TEXTS)}
    form = StepForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            steps.change(step, Written(**form.cleaned_data), now=timezone.now())
        except steps.DayTakenError:
            form.refuse_day()
        else:
            audit.record(request, "series.change", step, fields=form.changed_data)
            return redirect("desk-step-preview", pk)
    return _shown(request, form, step.newsletter, step)


@require_safe
@needs("subscribers.view_seriesstep")
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the mail in the chosen guise, as the person at the desk would get it."""
    step = standing(pk)
    refusal, mail = "", None
    try:
        mail = _proof(request, step)
    except REFUSALS as error:
        refusal = str(error)
    return render(
        request,
        "desk/step_preview.html",
        _("Preview"),
        step=step,
        newsletter=step.newsletter,
        mail=mail,
        refusal=refusal,
        width=guises.known(request.GET.get("as", "")),
        widths=guises.GUISES,
        trail=_trail(step),
    )


@require_safe
@xframe_options_sameorigin
@needs("subscribers.view_seriesstep")
def frame(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the mail's HTML for the preview's sandboxed frame."""
    step = standing(pk)
    return framed(request, lambda: _proof(request, step).html)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("subscribers.change_seriesstep")
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask where to, send, and say what the mail server answered for each address."""
    step = standing(pk)
    form = TestForm(request.POST or None, initial={"recipients": _own_address(request)})
    form.fields["recipients"].help_text = _(
        "Up to five addresses. The subject says that it is a test; nothing is counted."
    )
    if request.method == "POST" and form.is_valid() and not is_too_much(request, form):
        recipients = form.cleaned_data["recipients"]
        try:
            tried = testing.send_step(step, recipients)
        except REFUSALS as error:
            form.add_error(None, str(error))
        else:
            audit.record(request, "series.test", step, recipients=len(recipients))
            for each in tried:
                tell(request, each)
            return redirect("desk-step-test", pk)
    return render(
        request, "desk/step_test.html", _("Send test"), step=step, form=form, trail=_trail(step)
    )


def _shown(
    request: HttpRequest, form: StepForm, newsletter: Newsletter, step: SeriesStep | None
) -> HttpResponse:
    return render(
        request,
        "desk/step.html",
        step.subject if step else _("Add a mail"),
        form=form,
        newsletter=newsletter,
        step=step,
        back=address_of(newsletter),
        trail=back(newsletter),
    )


def _proof(request: HttpRequest, step: SeriesStep) -> Mail:
    """Return the mail as it would come to the person at the desk. Raises: one of REFUSALS."""
    name = getattr(request.user, "first_name", "")
    return emails.step_proof(step, name=name, address=_own_address(request))


def _own_address(request: HttpRequest) -> str:
    return str(getattr(request.user, "email", ""))


def _trail(step: SeriesStep) -> list[Any]:
    here = (step.subject, reverse("desk-step", args=[step.pk]))
    return [*back(step.newsletter), here]
