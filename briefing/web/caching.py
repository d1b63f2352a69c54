"""Keeps finished public pages in memory, and answers "has it changed?" with a strong ETag.

A view says that its page is public by `public_page`; everything else passes through untouched. The
middleware stands outermost, so that what it keeps is the whole answer, headers and all, and a page
from memory costs neither a query nor a template.
"""

import gzip
import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache, wraps
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import get_language_from_request
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from briefing.archive import freshness

P = ParamSpec("P")

# One article page is about 30 KB plain and 10 KB compressed.
_MAX_PAGES = 500
_WORTH_COMPRESSING = 500
# The one query parameter that leads to another page, and where. Anything else changes nothing on any
# page, and must not let a stranger push the pages that are read out of memory.
_BEHIND = "before"
_LISTS = ("/topics/", "/authors/", "/archive/")
# Named, and not with a weight of nothing, which forbids it (RFC 9110, 12.5.3).
_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))")
# Where a view leaves word for the middleware, which stands on the other side of all the others.
_MARK = "briefing.public_page"


@dataclass(frozen=True)
class KeptPage:
    """One finished page. `etag` is of the plain bytes, without quotes."""

    body: bytes
    headers: dict[str, str]
    etag: str
    version: freshness.Version
    until: float

    @cached_property
    def compressed(self) -> bytes:
        """The page compressed, once somebody asks for that; nothing when it is too small for it."""
        if len(self.body) < _WORTH_COMPRESSING:
            return b""
        # The time in gzip's header would give every process another file for the same ETag.
        return gzip.compress(self.body, 6, mtime=0)


def public_page(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Mark a view's answer as the same for everybody who speaks the same language.

    Whoever sends something to such a page is told that it takes nothing (405). Without the exemption
    they would hear of a missing token first.
    """

    @csrf_exempt
    @require_safe
    @wraps(view)
    def marked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        # Asked for before the page is made: a change while it is made must not be missed.
        version = freshness.version() if settings.PAGE_CACHE_SECONDS else ()
        response = view(request, *args, **kwargs)
        if response.status_code == HTTPStatus.OK:
            response.headers["Cache-Control"] = f"public, max-age={settings.PAGE_CACHE_SECONDS}"
            request.META[_MARK] = version
        return response

    return marked


class PublicPageMiddleware:
    """Answers from memory what it can; keeps, compresses and names what it could not."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.pages: OrderedDict[tuple[Any, ...], KeptPage] = OrderedDict()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        key = _key(request)
        page = self.pages.get(key) if settings.PAGE_CACHE_SECONDS else None
        if page and page.until > time.monotonic() and page.version == freshness.version():
            return _answer(request, page, HttpResponse(headers=page.headers))
        response = self.get_response(request)
        if _MARK not in request.META or response.streaming or response.cookies:
            return response
        page = _keep(response, request.META[_MARK])
        if settings.PAGE_CACHE_SECONDS:
            self.pages[key] = page
            self.pages.move_to_end(key)
            if len(self.pages) > _MAX_PAGES:
                self.pages.popitem(last=False)
        return _answer(request, page, response)


def _key(request: HttpRequest) -> tuple[Any, ...]:
    is_list = request.META.get("QUERY_STRING") and request.path.startswith(_LISTS)
    return (
        _site(request.META.get("HTTP_HOST", "")),
        request.scheme,
        request.path,
        request.GET.get(_BEHIND) if is_list else None,
        _language(request.META.get("HTTP_ACCEPT_LANGUAGE", "")),
    )


@lru_cache(maxsize=1024)
def _site(host: str) -> str:
    """Return the name that a host is allowed by: one site, at whatever port and in whatever letters.

    Else a stranger could push the pages that are read out of memory by asking at made-up ports.
    """
    return split_domain_port(host)[0] or host


@lru_cache(maxsize=1024)
def _language(accepted: str) -> str:
    """Return the language that LocaleMiddleware will choose for a header."""
    request = HttpRequest()
    request.META["HTTP_ACCEPT_LANGUAGE"] = accepted
    return get_language_from_request(request)


def _keep(response: HttpResponse, version: freshness.Version) -> KeptPage:
    body = response.content
    patch_vary_headers(response, ["Accept-Encoding"])
    return KeptPage(
        body=body,
        headers=dict(response.items()),
        etag=hashlib.blake2b(body, digest_size=16).hexdigest(),
        version=version,
        until=time.monotonic() + settings.PAGE_CACHE_SECONDS,
    )


def _answer(request: HttpRequest, page: KeptPage, response: HttpResponse) -> HttpResponse:
    """Give the response the page, in the encoding that was asked for; 304 when the visitor has it."""
    accepted = request.META.get("HTTP_ACCEPT_ENCODING", "")
    squeezed = _GZIP.search(accepted) is not None and bool(page.compressed)
    # A strong ETag names bytes: each encoding has its own.
    etag = f'"{page.etag}-gzip"' if squeezed else f'"{page.etag}"'
    response.content = page.compressed if squeezed else page.body
    response.headers["ETag"] = etag
    response.headers["Content-Length"] = str(len(response.content))
    if squeezed:
        response.headers["Content-Encoding"] = "gzip"
    answered = get_conditional_response(request, etag=etag, response=response)
    return answered if isinstance(answered, HttpResponse) else response
