"""Asks other people's servers for something, and cannot be talked into asking our own network.

An address is resolved once; each of its IP addresses must be public; the connection goes to the one that
was looked at, so that a second answer of the name server changes nothing. A redirect is a new
address and is looked at like the first.
"""

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlencode, urljoin, urlsplit

_REDIRECTS = {301, 302, 303, 307, 308}
_MAX_REDIRECTS = 5
# The translation prefix of RFC 6052: the last four bytes are an IPv4 address, maybe a private one.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class FetchError(Exception):
    """Nothing usable came back. `reason` is one word: address, name, connection, tls, time, answer."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said. `url` is where the last redirect led."""

    status: int
    url: str
    body: bytes


def is_public(address: IpAddress) -> bool:
    """Whether an address belongs to the internet and not to some network of ours or of a provider."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.teredo:
            return False
        embedded = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            embedded = ipaddress.IPv4Address(address.packed[-4:])
        if embedded is not None:
            return is_public(embedded)
    return address.is_global and not address.is_multicast and not address.is_reserved


@dataclass(frozen=True, slots=True)
class Rules:
    """Whom may be asked, and how long. Only tests make other ones; no setting can."""

    allows: Callable[[IpAddress], bool] = is_public
    ports: frozenset[int] = frozenset({443})
    # None: whom this machine trusts.
    tls: ssl.SSLContext | None = None
    seconds: float = 10.0
    max_bytes: int = 65_536


def fetch(
    url: str,
    *,
    method: str = "GET",
    agent: str,
    form: Mapping[str, str] | None = None,
    rules: Rules | None = None,
) -> Answer:
    """Ask for an https address and follow its redirects; with a `form`, which is posted, follow none.

    Raises: FetchError.
    """
    rules = rules or Rules()
    if form is not None:
        status, _location, body = _ask(url, "POST", agent, rules, urlencode(form))
        return Answer(status, url, body)
    for _hop in range(_MAX_REDIRECTS + 1):
        status, location, body = _ask(url, method, agent, rules)
        if status not in _REDIRECTS or not location:
            return Answer(status, url, body)
        url = urljoin(url, location)
    raise FetchError("answer", "too many redirects")


def _ask(
    url: str, method: str, agent: str, rules: Rules, posted: str = ""
) -> tuple[int, str, bytes]:
    """Make one request. Returns the status, where a redirect leads, and the body's beginning."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
    except ValueError as error:
        raise FetchError("address", "it cannot be read") from error
    if parts.scheme != "https" or not host or parts.username or port not in rules.ports:
        raise FetchError("address", "only https addresses on the usual port are asked for")
    path = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
    headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": agent}
    if posted:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    with _connected(host, port, rules) as connection, _told_apart():
        connection.request(method, path, body=posted or None, headers=headers)
        response = connection.getresponse()
        body = response.read(rules.max_bytes) if method != "HEAD" else b""
        return response.status, response.headers.get("Location", ""), body


@cache
def _trusted_here() -> ssl.SSLContext:
    """Return the context that verifies a server; reading the system's roots is slow."""
    return ssl.create_default_context()


@contextlib.contextmanager
def _connected(host: str, port: int, rules: Rules) -> Iterator[http.client.HTTPSConnection]:
    """Connect to the address that was looked at, for no longer than the rules allow in all."""
    with _told_apart():
        raw = socket.create_connection((_resolved(host, port, rules), port), rules.seconds)
    tls = rules.tls or _trusted_here()
    connection = http.client.HTTPSConnection(host, port, context=tls)
    connection.sock = raw
    over = threading.Event()
    # A server that sends a byte now and then never runs into the timeout of a single read.
    alarm = threading.Timer(rules.seconds, _cut, [connection, over])
    alarm.daemon = True
    alarm.start()
    try:
        with _told_apart():
            connection.sock = tls.wrap_socket(raw, server_hostname=host)
        yield connection
    finally:
        alarm.cancel()
        connection.close()
        if over.is_set():
            # To the parser the end of the connection looks like the end of the text.
            raise FetchError("time", "it took too long")


def _resolved(host: str, port: int, rules: Rules) -> str:
    """Return the first IP address of a name, when all of them may be asked."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchError("name", "it has no address") from error
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not rules.allows(ipaddress.ip_address(address.partition("%")[0])):
            raise FetchError("address", "it leads into a network that is not asked")
    return addresses[0]


def _cut(connection: http.client.HTTPSConnection, over: threading.Event) -> None:
    over.set()
    with contextlib.suppress(OSError):
        connection.sock.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def _told_apart() -> Iterator[None]:
    """Turn what the network raises into one error with a reason."""
    try:
        yield
    except TimeoutError as error:
        raise FetchError("time", "it took too long") from error
    except ssl.SSLError as error:
        raise FetchError("tls", error.reason or "the certificate was refused") from error
    except http.client.HTTPException as error:
        raise FetchError("answer", type(error).__name__) from error
    except OSError as error:
        raise FetchError("connection", error.strerror or type(error).__name__) from error
    except ValueError as error:
        # A header or a path with a line break in it.
        raise FetchError("address", "it cannot be sent") from error
