"""Preview: an issue's mail as a reader's program will show it, before anything is dispatched."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_safe

from briefing.admin import guises, trail
from briefing.admin.gate import needs
from briefing.admin.screen import render
from briefing.issues import compiling, copies, slots, subjects
from briefing.models import Issue
from subscribers import address
from subscribers.models import Newsletter, Subscription
from subscribers.rendering import BrokenMailError

REFUSALS = (compiling.CompileError, slots.UnknownVariableError, BrokenMailError)
# Whose copy it is can only be asked by whoever may look readers up.
SEES_READERS = "subscribers.view_subscriber"


class ReaderForm(forms.Form):
    """Asks whose copy to show. The address is posted: addresses of pages are written to logs."""

    address = forms.CharField(
        label=_("As this reader would get it"),
        max_length=320,
        widget=forms.TextInput(
            {"inputmode": "email", "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text=_("The address of a reader: their language, form, topics and name."),
    )

    def __init__(self, *args: Any, newsletter: Newsletter, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.newsletter = newsletter

    def clean_address(self) -> Subscription:
        """Return the reader's subscription."""
        try:
            key = address.parse(self.cleaned_data["address"]).key
        except address.AddressRefusedError as error:
            raise forms.ValidationError(str(error)) from error
        found = Subscription.objects.filter(
            newsletter=self.newsletter, subscriber__address_key=key
        ).first()
        if found is None:
            raise forms.ValidationError(_("Nobody reads this newsletter at that address."))
        return found


@require_http_methods(["GET", "HEAD", "POST"])
@needs("briefing.view_issue")
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the mail's subject line and its body in the chosen guise, as the chosen reader."""
    issue = get_object_or_404(Issue.objects.select_related("newsletter"), pk=pk)
    guise = guises.known(request.GET.get("as", ""))
    form = None
    if request.user.has_perm(SEES_READERS):
        form = ReaderForm(request.POST or None, newsletter=issue.newsletter)
        if request.method == "POST" and form.is_valid():
            reader = form.cleaned_data["address"].subscriber_id
            query = urlencode({"as": guise, "reader": reader, "subject": _arm(request, issue)})
            return redirect(f"{reverse('desk-preview', args=[pk])}?{query}")
    arm = _arm(request, issue)
    refusal, mail = "", copies.IssueCopy(subjects.of(issue, arm), html="", text="")
    try:
        mail = _copy(request, issue)
    except REFUSALS as error:
        refusal = str(error)
    return render(
        request,
        "desk/preview.html",
        _("Preview"),
        issue=issue,
        mail=mail,
        refusal=refusal,
        whose=form,
        reader=_reader(request, issue),
        arm=arm,
        width=guise if mail.html else "text",
        widths=guises.GUISES,
        kilobytes=round(len(mail.html.encode()) / 1024, 1),
        trail=trail.issue(issue),
    )


@require_safe
@xframe_options_sameorigin
@needs("briefing.view_issue")
def frame(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the mail's HTML for the preview's sandboxed frame."""
    issue = get_object_or_404(Issue.objects.select_related("newsletter"), pk=pk)
    return framed(request, lambda: _copy(request, issue).html)


def framed(request: HttpRequest, write: Callable[[], str]) -> HttpResponse:
    """Return what is written, in the guise that was asked for, or why it cannot be."""
    guise = guises.known(request.GET.get("as", ""))
    try:
        response = HttpResponse(guises.dress(write(), guise))
    except REFUSALS as error:
        response = HttpResponse(str(error), status=409, content_type="text/plain; charset=utf-8")
    return guises.held_to(response, guise)


def _copy(request: HttpRequest, issue: Issue) -> copies.IssueCopy:
    """Compile the chosen reader's copy, else that of the person at the desk; nothing is stored.

    Raises: one of REFUSALS, with a sentence that says what to mend.
    """
    now = timezone.now()
    reader = _reader(request, issue)
    arm = _arm(request, issue)
    if reader is not None:
        return copies.as_reader(issue, reader, now=now, arm=arm)
    return copies.preview(
        issue,
        name=getattr(request.user, "first_name", ""),
        address=getattr(request.user, "email", ""),
        now=now,
        arm=arm,
    )


def _arm(request: HttpRequest, issue: Issue) -> str:
    """Return with which of two subjects the copy was asked for."""
    asked = request.GET.get("subject", subjects.A)
    return asked if asked in subjects.arms(issue) else subjects.A


def _reader(request: HttpRequest, issue: Issue) -> Subscription | None:
    """Return the subscription whose copy was asked for, to those who may look readers up."""
    number = request.GET.get("reader", "")
    if not number.isascii() or not number.isdecimal() or not request.user.has_perm(SEES_READERS):
        return None
    # A number with more digits than any row's is nobody's, and no database would take it.
    return (
        Subscription.objects.select_related("subscriber")
        .filter(newsletter=issue.newsletter, subscriber_id=int(number[:18]))
        .first()
    )
