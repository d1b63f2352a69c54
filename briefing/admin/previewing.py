"""Preview: an issue's mail as a reader's program will show it, before anything is dispatched."""

from csp.constants import NONE, SELF, UNSAFE_INLINE
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from briefing.admin import trail
from briefing.admin.gate import needs
from briefing.admin.screen import render
from briefing.issues import compiling, copies, slots
from briefing.models import Issue
from subscribers.rendering import BrokenMailError

REFUSALS = (compiling.CompileError, slots.UnknownVariableError, BrokenMailError)

WIDTHS = {"wide": _("Desktop"), "narrow": _("Phone"), "text": _("Plain text")}


def own_copy(request: HttpRequest, issue: Issue) -> copies.IssueCopy:
    """Compile the issue as the person at the desk would get it; nothing is stored.

    Raises: one of REFUSALS, with a sentence that says what to mend.
    """
    user = request.user
    return copies.preview(
        issue,
        name=getattr(user, "first_name", ""),
        address=getattr(user, "email", ""),
        locale=issue.newsletter.locale,
        now=timezone.now(),
    )


@require_safe
@needs("briefing.view_issue")
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the mail's subject line and its body at the chosen width, or as plain text."""
    issue = get_object_or_404(Issue.objects.select_related("newsletter"), pk=pk)
    width = request.GET.get("as", "wide")
    width = width if width in WIDTHS else "wide"
    refusal, mail = "", copies.IssueCopy(subject=issue.subject, html="", text="")
    try:
        mail = own_copy(request, issue)
    except REFUSALS as error:
        refusal = str(error)
    return render(
        request,
        "desk/preview.html",
        _("Preview"),
        issue=issue,
        mail=mail,
        refusal=refusal,
        width=width,
        widths=WIDTHS,
        kilobytes=round(len(mail.html.encode()) / 1024, 1),
        trail=trail.issue(issue),
    )


@require_safe
@xframe_options_sameorigin
@needs("briefing.view_issue")
def frame(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the mail's HTML for the preview's sandboxed frame."""
    issue = get_object_or_404(Issue.objects.select_related("newsletter"), pk=pk)
    try:
        response = HttpResponse(own_copy(request, issue).html)
    except REFUSALS as error:
        response = HttpResponse(str(error), status=409, content_type="text/plain; charset=utf-8")
    response._csp_replace = _frame_policy()  # type: ignore[attr-defined]  # django-csp's own hook
    return response


def _frame_policy() -> dict[str, list[str]]:
    """Let a mail show itself and pictures, and nothing else, even when it is opened by itself."""
    nothing = (
        "default-src",
        "script-src",
        "connect-src",
        "font-src",
        "manifest-src",
        "form-action",
    )
    return {
        **{directive: [NONE] for directive in nothing},
        "style-src": [UNSAFE_INLINE],
        "img-src": [SELF, settings.PUBLIC_BASE_URL, "data:"],
        "frame-ancestors": [SELF],
        "sandbox": [""],
    }
