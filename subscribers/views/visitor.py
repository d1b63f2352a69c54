"""Who is asking, as far as it is kept: the visitor's network, the page, whether a person clicked."""

import ipaddress
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.translation import get_language

from subscribers.consent import Origin
from subscribers.models import ConsentNotice

_MAX_SOURCE = 100


def origin(
    request: HttpRequest,
    *,
    form: str,
    notice: ConsentNotice | None = None,
    referer: str | None = None,
) -> Origin:
    """Return where a request came from, with its address already shortened.

    `referer` is what a program says in a browser's stead: the page on which the form stood.
    """
    return Origin(
        notice=notice,
        page=_page(request, _split(_referer(request) if referer is None else referer)),
        form=form,
        locale=get_language() or "en",
        ip=shortened(client_ip(request)),
        user_agent=request.headers.get("User-Agent", "")[:300],
    )


def client_ip(request: HttpRequest) -> str:
    """Return the visitor's address; X-Forwarded-For counts only as far as listed proxies wrote it."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    ip = str(request.META.get("REMOTE_ADDR", ""))
    while _is_proxy(ip) and hops and hops[-1]:
        ip = hops.pop()
    return ip


def shortened(ip: str) -> str:
    """Return the network an address is in: /24 for IPv4, /48 for IPv6; empty for anything else."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if isinstance(address, ipaddress.IPv4Address):
        return str(ipaddress.IPv4Network((int(address), 24), strict=False).network_address)
    return str(ipaddress.IPv6Network((int(address), 48), strict=False).network_address)


def source(request: HttpRequest, *, referer: str | None = None) -> dict[str, str]:
    """Return what the page's own address says about how the visitor came: its utm values."""
    page = _split(_referer(request) if referer is None else referer)
    # A browser cuts a Referer off at 4,096 characters.
    fields = page.query[:4096].split("&")
    told = "&".join(field for field in fields if field.startswith("utm_"))
    found = {
        name: value[:_MAX_SOURCE]
        for name, value in parse_qsl(told)
        # Whoever links to us may have put a reader's address in; the tallies would keep it for ever.
        # What cannot be printed names no source, and PostgreSQL's JSON takes no zero byte.
        if len(name) <= 20 and (name + value).isprintable() and "@" not in unquote(value)
    }
    return dict(list(found.items())[:5])


def is_own_click(request: HttpRequest) -> bool:
    """Whether the form was sent from our own page, or from another site by a person's own click.

    A page elsewhere could otherwise make its visitors' browsers sign up strangers, each from an
    address of its own. Source: W3C Fetch Metadata. Programs send none of these headers; the limits
    guard against those.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is None:
        sender = request.headers.get("Origin")
        return sender is None or sender in (settings.PUBLIC_BASE_URL, _own_origin(request))
    if site in ("same-origin", "none"):
        return True
    return (
        request.headers.get("Sec-Fetch-Mode") == "navigate"
        and request.headers.get("Sec-Fetch-Dest") == "document"
        and request.headers.get("Sec-Fetch-User") == "?1"
    )


def _own_origin(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"


def _page(request: HttpRequest, parts: SplitResult) -> str:
    """Return the page the form stood on: a path on this site, else host and path, never a query.

    A page behind a signed link is told by its name: its path is the reader's key.
    """
    here = request.resolver_match
    if here and "token" in here.kwargs:
        return f"/{here.url_name}/"
    # A path that names somebody would stand in the ledger for ever.
    named = "@" in unquote(unquote(parts.path))
    if parts.netloc not in ("", request.get_host()):
        return f"{parts.hostname or ''}{'' if named else parts.path}"[:300]
    if named:
        return ""
    try:
        there = resolve(parts.path)
    except Resolver404:
        return ""
    return f"/{there.url_name}/" if "token" in there.kwargs else parts.path[:300]


def _referer(request: HttpRequest) -> str:
    return request.headers.get("Referer", "")


def _split(referer: str) -> SplitResult:
    """Return an address by its parts; an empty one when it is none, as anybody can send."""
    try:
        return urlsplit(referer)
    except ValueError:
        return urlsplit("")


def _is_proxy(ip: str) -> bool:
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    return any(
        address in ipaddress.ip_network(proxy, strict=False) for proxy in settings.TRUSTED_PROXIES
    )
