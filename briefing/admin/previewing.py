"""Preview: an issue's mail as a reader's program will show it, before anything is dispatched."""

from dataclasses import dataclass
from types import SimpleNamespace

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
from briefing.issues import compiling, slots
from briefing.models import Issue, User
from subscribers.audience import Combination
from subscribers.rendering import BrokenMailError

REFUSALS = (compiling.CompileError, slots.UnknownVariableError, BrokenMailError)

# A mail may show itself and pictures, and nothing else, even when it is opened by itself.
FRAME_POLICY = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": [SELF, settings.PUBLIC_BASE_URL, "data:"],
    "script-src": [NONE],
    "connect-src": [NONE],
    "font-src": [NONE],
    "manifest-src": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": [""],
}
WIDTHS = {"wide": _("Desktop"), "narrow": _("Phone"), "text": _("Plain text")}


@dataclass(frozen=True, slots=True)
class Mail:
    """One copy as the person at the desk would get it."""

    subject: str
    html: str
    text: str


def copy_for(issue: Issue, user: User, *, locale: str) -> Mail:
    """Compile one variant and put the person's own values into it; nothing is stored.

    Raises: one of REFUSALS, with a sentence that says what to mend.
    """
    combination = Combination(locale=locale, format="html", tracked=False)
    variant = compiling.compile_variant(issue, combination, now=timezone.now())
    return Mail(
        subject=_filled(variant.subject, user),
        html=_filled(variant.html or [""], user),
        text=_filled(variant.text, user),
    )


def _filled(segments: list[str], user: User) -> str:
    values = {name: _value(name, user) for name in slots.slots_of(segments)}
    return slots.join(segments, values)


def _value(name: str, user: User) -> str:
    """Return what stands in a slot; the links lead nowhere, because there is no delivery yet."""
    variable, _bar, fallback = name.partition("|")
    known = {"name": user.first_name, "address": user.email}
    return known.get(variable, "#") or fallback


@require_safe
@needs("briefing.view_issue")
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the mail's subject line and its body at the chosen width, or as plain text."""
    issue = get_object_or_404(Issue.objects.select_related("newsletter"), pk=pk)
    width = request.GET.get("as", "wide")
    width = width if width in WIDTHS else "wide"
    refusal, mail = "", SimpleNamespace(subject=issue.subject, html="", text="")
    try:
        mail = copy_for(issue, request.user, locale=issue.newsletter.locale)  # type: ignore[arg-type,assignment]
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
    mail = copy_for(issue, request.user, locale=issue.newsletter.locale)  # type: ignore[arg-type]
    response = HttpResponse(mail.html)
    response._csp_replace = FRAME_POLICY  # type: ignore[attr-defined]  # django-csp's own hook
    return response
