"""What all pages behind a signed link have in common: never cached, indexed or named in a Referer."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from subscribers import links

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def private(view: View[P]) -> View[P]:
    """Serve a page behind a signed link.

    No CSRF token: the link is the only authority there is, no cookie plays a part, and a forged
    request would have to contain the link. So the page can do without a cookie, and the browser's
    `Origin: null` (a consequence of no-referrer) cannot refuse a person's own click.
    """

    @csrf_exempt
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except links.BadLinkError:
            response = broken(request)
        response["Cache-Control"] = "no-store, private"
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "no-referrer"
        # Django logs the path of every 4xx answer, and this path is the reader's key.
        response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001  Django's own flag for it
        return response

    return guarded


def broken(request: HttpRequest) -> HttpResponse:
    """Say that a link is not one of ours, and what to do."""
    return render(request, "subscribers/link_broken.html", status=404)


def chosen(request: HttpRequest) -> str:
    """Return which button of a page was pressed; empty for whatever is not a button of ours."""
    return request.POST.get("action", "") if request.method == "POST" else ""
