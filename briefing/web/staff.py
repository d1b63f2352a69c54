"""Middleware that knows who works here, kept out of readers' way: no session, no cookie, no time lost.

Each class is the one beside it, for the desk's paths only. Django's and allauth's own checks look for
classes of theirs in the list of middleware, so the list names each.
"""

from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin
from simple_history.middleware import HistoryRequestMiddleware

from subscribers.models import Newsletter

# Paths where a member of staff is known. Everywhere else there is no session and no cookie.
_PATHS = ("/admin/", "/accounts/")


def is_staff_path(path: str) -> bool:
    """Whether the path belongs to the desk."""
    return path.startswith(_PATHS)


class _AtTheDesk(MiddlewareMixin):
    """Lets every other request pass by the middleware that a class names behind this one."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if is_staff_path(request.path):
            return super().__call__(request)
        return self.get_response(request)


class StaffSessionMiddleware(_AtTheDesk, SessionMiddleware):
    """Django's sessions, which staff have and readers do not."""


class StaffAuthenticationMiddleware(_AtTheDesk, AuthenticationMiddleware):
    """Django's `request.user`."""


class StaffMessageMiddleware(_AtTheDesk, MessageMiddleware):
    """Django's messages, which wait in the session."""


class HouseClockMiddleware:
    """Times at the desk, as they are shown and as they are typed, are those of the house."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_staff_path(request.path):
            return self._get_response(request)
        with timezone.override(house_zone()):
            return self._get_response(request)


def house_zone() -> ZoneInfo:
    """Return the zone that an operator has set, or else that of the first newsletter."""
    of_operator = ZoneInfo(settings.TIME_ZONE)
    if settings.TIME_ZONE != "UTC":
        return of_operator
    name = Newsletter.objects.order_by("pk").values_list("time_zone", flat=True).first()
    try:
        return ZoneInfo(name) if name else of_operator
    except (ValueError, ZoneInfoNotFoundError):
        # A zone that this machine does not know must not shut the desk where it can be mended.
        return of_operator


class StaffHistoryMiddleware:
    """Who made a version of an article; a reader makes none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._with_history = HistoryRequestMiddleware(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self._with_history if is_staff_path(request.path) else self._get_response
        return answer(request)
