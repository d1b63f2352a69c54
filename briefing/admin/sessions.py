"""How long a member of staff stays logged in: a working day at most, half an hour without a touch."""

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from briefing.admin import unsaved

_BEGAN, _TOUCHED = "desk_began", "desk_touched"
# How exactly idleness is measured: each write of a session is a write to the database.
_GRAIN = timedelta(minutes=1)


class SessionLimitsMiddleware:
    """Ends a session that is too old or was left alone. Runs after AuthenticationMiddleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Public pages have no session, and whoever is about to log in has none yet: nobody to ask for.
        session = getattr(request, "session", None)
        if session is None or (_BEGAN not in session and not session.session_key):
            return _nothing_lost(request, self._get_response(request))
        if request.user.is_authenticated and not _still_fresh(request):
            # The view then leads to the login, once Django has looked at where a form came from.
            logout(request)
            if request.method != "POST":
                messages.info(
                    request, _("You were logged out: the session was too old or left alone.")
                )
        return _nothing_lost(request, self._get_response(request))


def _nothing_lost(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Give back what somebody wrote when the answer is to log in.

    A page that asked for a part of itself is loaded anew: otherwise the form to log in would stand
    in the middle of a dispatch that still seems to go on.
    """
    leads_out = response.status_code == HTTPStatus.FOUND and response["Location"].startswith(
        (reverse("account_login"), reverse("admin:login"))
    )
    if not leads_out:
        return response
    if request.headers.get("HX-Request"):
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"HX-Refresh": "true"})
    return unsaved.give_back(request) if unsaved.is_in(request) else response


def _still_fresh(request: HttpRequest) -> bool:
    """Whether the session may go on; notes that somebody was here, unless a script was."""
    now = timezone.now().timestamp()
    began = request.session.setdefault(_BEGAN, now)
    touched = request.session.setdefault(_TOUCHED, now)
    if now - began > settings.STAFF_SESSION_SECONDS or now - touched > settings.STAFF_IDLE_SECONDS:
        return False
    # A dispatch that refreshes itself on an empty desk is nobody's touch.
    if not request.headers.get("HX-Request") and now - touched > _GRAIN.total_seconds():
        request.session[_TOUCHED] = now
    return True
