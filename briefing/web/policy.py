"""Which pages may do what: the desk's wider content policy, and sessions only where staff work."""

from collections.abc import Callable

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

# Paths where a member of staff is known. Everywhere else there is no session and no cookie.
STAFF_PATHS = ("/admin/", "/accounts/")

# docs/decisions/0003-desk-content-policy.md gives the reasons, line by line.
DESK_POLICY = {
    # django-unfold's Alpine.js evaluates the expressions in its own attributes.
    "script-src": [SELF, UNSAFE_EVAL],
    # Style attributes, which unfold's scripts write; no style elements.
    "style-src-attr": [UNSAFE_INLINE],
    "img-src": [SELF, "data:", "blob:"],
    # The preview of a mail, which has a stricter policy of its own.
    "frame-src": [SELF],
}
# allauth draws the secret of an authenticator app as a data: picture, and that is all.
ACCOUNT_POLICY = {"img-src": [SELF, "data:"]}


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
                response._csp_replace = DESK_POLICY  # type: ignore[attr-defined]  # csp reads it
            elif request.path.startswith("/accounts/"):
                response._csp_replace = ACCOUNT_POLICY  # type: ignore[attr-defined]  # so here
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
