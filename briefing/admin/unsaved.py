"""What was sent from the desk after its session had ended: given back, to be sent again.

Leading to the login, as for a page that is only looked at, would throw away what somebody wrote.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from briefing.admin import guises

# A name or a number is known by heart; beyond this, or over several lines, it is shown to be copied.
_SHORT = 60
_NEVER_SHOWN_AGAIN = ("csrfmiddlewaretoken", "password")


def is_in(request: HttpRequest) -> bool:
    """Whether somebody sent a form of the desk's, rather than one of its scripts."""
    return (
        request.method == "POST"
        and not request.user.is_authenticated
        and request.path.startswith(reverse("admin:index"))
        # Browsers that do not say it yet are taken for a person: nothing is lost by that.
        and request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    )


def give_back(request: HttpRequest) -> HttpResponse:
    """Return the page that has everything of the form in it, and a button that sends it again.

    Only for a request that Django's protection against forged forms has let through: another
    site could otherwise lay a form of its own here and wait for somebody to press the button.
    """
    if request.headers.get("Sec-Fetch-Dest") == "iframe":
        return _in_the_frame()
    sent = [
        (name, value)
        for name, values in request.POST.lists()
        if not name.startswith(_NEVER_SHOWN_AGAIN)
        for value in values
    ]
    texts = [value for _name, value in sent if _is_text(value)]
    shown = {"sent": sent, "texts": texts, "files": bool(request.FILES)}
    return render(request, "account/unsaved.html", shown)


def _in_the_frame() -> HttpResponse:
    """Say it where a mail would be shown; the form itself still stands beside it."""
    told = _(
        "You are logged out. Log in again in another window, then go on here: what you wrote "
        "still stands."
    )
    response = HttpResponse(told, content_type="text/plain; charset=utf-8")
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return guises.held_to(response, "text")


def _is_text(value: str) -> bool:
    return len(value) > _SHORT or "\n" in value
