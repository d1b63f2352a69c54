"""Which pages may do what: everybody's content policy, the desk's wider ones; no address has a NUL."""

from collections.abc import Callable
from functools import cache

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from briefing.web import sources
from briefing.web.staff import is_staff_path

# By which of django-csp's names a view says that its answer has a policy of its own.
_OF_ITS_OWN = ("_csp_config", "_csp_update", "_csp_replace", "_csp_exempt")


class ContentPolicyMiddleware(CSPMiddleware):
    """The strict policy for everybody, wider ones by path; a view that set its own keeps it."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if any(hasattr(response, hook) for hook in _OF_ITS_OWN):
            return super().process_response(request, response)
        if not is_staff_path(request.path):
            # Put together for each page it would be a tenth of all that a page costs.
            response.headers.setdefault(HEADER, _everybodys())
            return response
        is_desk = request.path.startswith("/admin/")
        response._csp_replace = sources.DESK if is_desk else sources.ACCOUNT  # type: ignore[attr-defined]  # csp reads it
        return super().process_response(request, response)


@cache
def _everybodys() -> str:
    return build_policy(sources.PUBLIC)


class PossibleAddressMiddleware:
    """Knows no page whose address has a NUL in it: PostgreSQL takes no text with one, whoever asks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            raise Http404
        return self._get_response(request)
