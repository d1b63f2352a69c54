"""Which pages may do what: the desk's wider content policy, and sessions only where staff work."""

from collections.abc import Callable

from csp.middleware import CSPMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from briefing.web import sources

# Paths where a member of staff is known. Everywhere else there is no session and no cookie.
STAFF_PATHS = ("/admin/", "/accounts/")


def is_staff_path(path: str) -> bool:
    """Whether the path belongs to the desk."""
    return path.startswith(STAFF_PATHS)


class ContentPolicyMiddleware(CSPMiddleware):
    """The strict policy for everybody, wider ones by path; a view that set its own keeps it."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if not hasattr(response, "_csp_replace"):
            if request.path.startswith("/admin/"):
                response._csp_replace = sources.DESK  # type: ignore[attr-defined]  # csp reads it
            elif request.path.startswith("/accounts/"):
                response._csp_replace = sources.ACCOUNT  # type: ignore[attr-defined]  # so here
        return super().process_response(request, response)


class SessionOnlyWhereNeededMiddleware(SessionMiddleware):
    """Gives public pages an empty session that is never saved: they set no cookie and can be cached."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)

    def process_request(self, request: HttpRequest) -> None:
        if is_staff_path(request.path):
            super().process_request(request)
        else:
            request.session = self.SessionStore()

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if not is_staff_path(request.path):
            return response
        return super().process_response(request, response)
