"""Send test: the issue as it stands, to a few mailboxes, before anybody else gets it."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from briefing.admin import audit, trail
from briefing.admin.gate import needs
from briefing.admin.previewing import REFUSALS
from briefing.admin.screen import render
from briefing.issues import subjects, testing
from briefing.issues.testing import Tried
from briefing.models import AuditEntry, Issue
from subscribers import address

# Each is a call to the mail server while somebody waits for the page.
MAX_RECIPIENTS = 5
# Whoever has found a desk open could write to the world in our name, five at a time.
MAX_IN_AN_HOUR = 50
_ACTS = ("issue.test", "series.test")
ANSWERS = {
    "accepted": (messages.SUCCESS, _("%(address)s: the mail server took it.")),
    "deferred": (messages.WARNING, _("%(address)s: not now (%(code)s). Try again in a while.")),
    "rejected": (messages.ERROR, _("%(address)s: refused (%(code)s).")),
}


class TestForm(forms.Form):
    """Takes a few addresses, one a line or separated by commas."""

    recipients = forms.CharField(
        label=_("Send to"),
        widget=forms.Textarea({"rows": 3, "spellcheck": "false"}),
        help_text=_(
            "Up to five addresses. The subject says that it is a test; nothing is counted. Of two "
            "subjects on trial each address gets both."
        ),
    )

    def clean_recipients(self) -> list[str]:
        """Return the addresses, each one that mail can be written to."""
        typed = self.cleaned_data["recipients"].replace(",", "\n").split("\n")
        try:
            found = {address.parse(each).text: None for each in typed if each.strip()}
        except address.AddressRefusedError as error:
            raise forms.ValidationError(str(error)) from error
        if len(found) > MAX_RECIPIENTS:
            raise forms.ValidationError(_("Five at most: a test is for looking, not for sending."))
        return list(found)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("briefing.change_issue")
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask where to, send, and say what the mail server answered for each address."""
    issue = get_object_or_404(Issue.objects.select_related("newsletter"), pk=pk)
    own = getattr(request.user, "email", "")
    form = TestForm(request.POST or None, initial={"recipients": own})
    if request.method == "POST" and form.is_valid() and not is_too_much(request, form):
        try:
            tried = testing.send_test(issue, form.cleaned_data["recipients"], now=timezone.now())
        except REFUSALS as error:
            form.add_error(None, str(error))
        else:
            audit.record(
                request, "issue.test", issue, recipients=len(form.cleaned_data["recipients"])
            )
            for each in tried:
                tell(request, each)
            return redirect("desk-test", pk)
    return render(
        request, "desk/test.html", _("Send test"), issue=issue, form=form, trail=trail.issue(issue)
    )


def is_too_much(request: HttpRequest, form: TestForm) -> bool:
    """Whether this person has sent as many tests as anybody needs; the form then says so."""
    user: Any = request.user
    hour_ago = timezone.now() - timedelta(hours=1)
    sent = AuditEntry.objects.filter(act__in=_ACTS, actor=user, at__gt=hour_ago)
    before = sum(each.get("recipients", 0) for each in sent.values_list("detail", flat=True))
    if before + len(form.cleaned_data["recipients"]) <= MAX_IN_AN_HOUR:
        return False
    form.add_error(
        None, _("You have sent tests to fifty addresses within an hour: that is all for now.")
    )
    return True


def tell(request: HttpRequest, tried: Tried) -> None:
    """Say what the mail server answered for one address."""
    level, sentence = ANSWERS[tried.answer.outcome]
    to = tried.recipient
    if tried.arm == subjects.B:
        to = _("%(address)s (second subject)") % {"address": to}
    code = tried.answer.code or tried.answer.outcome
    messages.add_message(request, level, sentence % {"address": to, "code": code})
