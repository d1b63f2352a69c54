"""One SMTP account: how to reach it, and how a session with it begins.

smtplib does what is slow and rare: greeting, STARTTLS, AUTH. What follows, thousands of times on
the same connection, is ours: session deals copies out, lane hands each of them over.
Sources: RFC 5321; RFC 3207 (STARTTLS); RFC 8314 (TLS from the start); RFC 4954 (AUTH).
"""

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from django.core.mail.utils import DNS_NAME

from briefing.env import SmtpAddress
from briefing.transports.base import (
    Sender,
    Session,
    TransportDownError,
    VariantContent,
    Watcher,
)
from briefing.transports.headers import ascii_address
from briefing.transports.smtp.dial import Connection, Dialler
from briefing.transports.smtp.offer import Offer
from briefing.transports.smtp.session import SmtpSession
from briefing.transports.wire import WireComposer

# Waiting does not heal these: a person must look at the account or at the certificate.
_PERMANENT = (smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError, UnicodeError)


@dataclass(frozen=True, slots=True)
class SmtpTransport:
    """One SMTP account. `timeout_seconds` bounds every wait for the other side."""

    address: SmtpAddress
    sockets: int
    timeout_seconds: float
    context: ssl.SSLContext | None = None
    group_size: ClassVar[int | None] = None
    way: ClassVar[str] = ""

    def composer(self, variant: VariantContent, sender: Sender) -> WireComposer:
        """Derive the wire form of a variant."""
        return WireComposer(variant, sender)

    def open(self, watcher: Watcher, sender: Sender) -> Session:
        """Connect the first socket; the others follow as there is work for them."""
        return SmtpSession(
            self.connect(),
            Dialler(self.connect, at_once=self.sockets),
            timeout_seconds=self.timeout_seconds,
            envelope_from=ascii_address(sender.from_address),
            watcher=watcher,
        )

    def connect(self) -> Connection:
        """Open one connection, ready for MAIL, in no more than twice `timeout_seconds`.

        Raises: TransportDownError; permanent for a refused login, a wrong certificate and a
        missing STARTTLS.
        """
        try:
            return self._connect()
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            permanent = isinstance(error, _PERMANENT) or (
                # 454 is a login that may work later.
                isinstance(error, smtplib.SMTPAuthenticationError) and error.smtp_code >= 500
            )
            raise TransportDownError(_reason(error), permanent=permanent) from error

    def _connect(self) -> Connection:
        where = self.address
        context = None if where.security == "none" else self.context or _verifying_context()
        sock = socket.create_connection((where.host, where.port), self.timeout_seconds)
        with _hung_up_after(self.timeout_seconds, sock):
            if context and where.security == "tls":
                sock = context.wrap_socket(sock, server_hostname=where.host)
            server = _Handshake(sock, where.host, self.timeout_seconds)
            try:
                server.ehlo_or_helo_if_needed()
                if context and where.security == "starttls":
                    # Raises when the server does not offer it: never a fall back to plain text.
                    server.starttls(context=context)
                    server.ehlo_or_helo_if_needed()
                if where.username:
                    server.login(where.username, where.password)
            except BaseException:
                server.close()
                raise
        return server.hand_over()


class _Handshake(smtplib.SMTP):
    """smtplib on a socket that is connected already, and that outlives it."""

    def __init__(self, sock: socket.socket, host: str, timeout_seconds: float) -> None:
        self._connected = sock
        # Django's name of this machine is looked up once; smtplib's own at every connection.
        super().__init__(host, timeout=timeout_seconds, local_hostname=DNS_NAME.get_fqdn())

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._connected

    def hand_over(self) -> Connection:
        sock = self.sock
        assert sock is not None  # noqa: S101  set before the greeting is read
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(0)
        return Connection(sock, Offer.from_features(self.esmtp_features))


@contextmanager
def _hung_up_after(seconds: float, sock: socket.socket) -> Iterator[None]:
    """Shut a connection down when its handshake takes too long as a whole.

    A timeout bounds one read only: a server that drips would hold it open for hours.
    """
    # A second handle on the same connection: TLS takes the first one over.
    handle = sock.dup()

    def hang_up() -> None:
        with suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        handle.close()


@cache
def _verifying_context() -> ssl.SSLContext:
    """Return the context that verifies the server; reading the system's roots is slow."""
    return ssl.create_default_context()


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        return f"{error.smtp_code} {words}"[:120]
    return f"{type(error).__name__}: {error}"[:120]
