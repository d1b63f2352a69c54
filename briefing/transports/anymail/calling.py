"""One call over a connection that stays open: its first byte is announced, and it leaves once.

requests would follow a redirect with a second POST, and urllib3 may try again; neither happens here.
What failed before the first byte was certainly not handed over, whatever the exception is called.
"""

import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from briefing.transports.anymail.composer import CallForm
from briefing.transports.capabilities import Capability

# Called with the socket just before a call's first byte; may raise to keep it from leaving.
Departure = Callable[[socket.socket | None], None]


@dataclass(frozen=True, slots=True)
class Reply:
    """A provider's answer. `data` is its JSON, None when it has none that can be read.

    `response` is what Anymail reads an answer to a single message from.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    data: Any = None
    text: str = ""
    response: Any = None


class Caller(Protocol):
    """An opened way to a provider; used by several threads at the same time."""

    def call(
        self, form: CallForm, parts: Sequence[tuple[bytes, ...]], key: str, departure: Departure
    ) -> Reply:
        """Make one call. Raises whatever kept the answer from coming."""

    def close(self) -> None:
        """Let go of the connections."""


class HttpCaller:
    """Calls a provider's HTTP API by the session that Anymail opened."""

    def __init__(
        self, backend: Any, capability: Capability, *, connections: int, timeout_seconds: float
    ) -> None:
        backend.open()
        self._backend = backend
        self._session: requests.Session = backend.session
        self._timeout = timeout_seconds
        self._key = capability.idempotency
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, _OnceAdapter(connections))
        # Proxies and certificates of the environment, looked up once and not at every call.
        self._how = self._session.merge_environment_settings(
            backend.api_url, {}, stream=False, verify=None, cert=None
        )
        self._prepared: dict[CallForm, requests.PreparedRequest] = {}

    def call(
        self, form: CallForm, parts: Sequence[tuple[bytes, ...]], key: str, departure: Departure
    ) -> Reply:
        """Make one call. Raises whatever kept the answer from coming."""
        request = self._request(form)
        layout = form.layout
        if self._key and self._key.in_message:
            layout = layout.with_key(form.key_marker, key.encode())
        elif self._key:
            request.headers[self._key.field] = key
        pieces = layout.body(parts)
        request.body = pieces
        request.headers["Content-Length"] = str(sum(map(len, pieces)))
        _departure.announce = departure
        try:
            response = self._session.send(
                request, timeout=self._timeout, allow_redirects=False, **self._how
            )
        finally:
            _departure.announce = None
        return Reply(
            response.status_code, response.headers, read_json(response), response.text, response
        )

    def close(self) -> None:
        """Close the connections."""
        with suppress(OSError):
            self._backend.close()

    def _request(self, form: CallForm) -> requests.PreparedRequest:
        """Return a fresh copy of the form's request; preparing one takes longer than sending it."""
        if form not in self._prepared:
            self._prepared[form] = self._session.prepare_request(requests.Request(**form.request))
        return self._prepared[form].copy()


def read_json(response: requests.Response) -> Any:
    """Return an answer's JSON, or None when it has none that can be read."""
    try:
        return response.json()
    except ValueError:
        return None


# What the thread's present call wants to be told. urllib3 makes the connections; this is how one
# learns which call it serves.
_departure = threading.local()


class _Announcing(HTTPConnection):
    """Connects first, announces the departure, then writes."""

    def putrequest(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        if announce := getattr(_departure, "announce", None):
            announce(self.sock)
        super().putrequest(*args, **kwargs)


class _AnnouncingTls(_Announcing, HTTPSConnection):
    """The same over TLS: the handshake is over before the departure."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Announcing


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _AnnouncingTls


class _OnceAdapter(HTTPAdapter):
    """Keeps as many connections as there are threads, and tries nothing twice."""

    def __init__(self, connections: int) -> None:
        super().__init__(pool_maxsize=connections, max_retries=0, pool_block=True)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _announce(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> PoolManager:
        manager: PoolManager = super().proxy_manager_for(*args, **kwargs)
        _announce(manager)
        return manager


def _announce(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
