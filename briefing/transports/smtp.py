"""SMTP, pipelined over several sockets in one thread.

smtplib does what is slow and rare: greeting, STARTTLS, AUTH. The transaction loop is ours: the body
of one message and the envelope of the next leave in one write, and replies are read as they come.
Source: RFC 5321; RFC 2920 (pipelining); RFC 6152 (8BITMIME); RFC 1870 (SIZE); RFC 6531 (SMTPUTF8).
"""

import selectors
import smtplib
import socket
import ssl
import time
from collections import deque
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from briefing.env import SmtpAddress
from briefing.transports.base import (
    Copy,
    Group,
    Sender,
    Session,
    TransportDownError,
    VariantContent,
    Watcher,
)
from briefing.transports.smtp_lane import Lane, Offer
from briefing.transports.wire import WireComposer

_PERMANENT = (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError)


@dataclass(frozen=True, slots=True)
class SmtpTransport:
    """One SMTP account. `timeout_seconds` bounds every wait for the other side."""

    address: SmtpAddress
    sockets: int
    timeout_seconds: float
    context: ssl.SSLContext | None = None
    group_size: ClassVar[int | None] = None

    def composer(self, variant: VariantContent, sender: Sender) -> WireComposer:
        """Derive the wire form of a variant."""
        return WireComposer(variant, sender)

    def open(self, watcher: Watcher, sender: Sender) -> Session:
        """Connect the first socket; the others follow as there is work for them."""
        session = SmtpSession(self, watcher, sender.from_address)
        session.connect()
        return session

    def connect(self) -> tuple[socket.socket, Offer]:
        """Open one connection, ready for MAIL.

        Raises: TransportDownError; permanent for a refused login or a missing STARTTLS.
        """
        try:
            return self._connect()
        except _PERMANENT as error:
            raise TransportDownError(_reason(error), permanent=True) from error
        except (OSError, smtplib.SMTPException) as error:
            raise TransportDownError(_reason(error)) from error

    def _connect(self) -> tuple[socket.socket, Offer]:
        where = self.address
        if where.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                where.host, where.port, timeout=self.timeout_seconds, context=self._tls()
            )
        else:
            server = smtplib.SMTP(where.host, where.port, timeout=self.timeout_seconds)
        try:
            server.ehlo_or_helo_if_needed()
            if where.security == "starttls":
                # Raises when the server does not offer it: never a fall back to plain text.
                server.starttls(context=self._tls())
                server.ehlo_or_helo_if_needed()
            if where.username:
                server.login(where.username, where.password)
        except BaseException:
            server.close()
            raise
        features = {name.upper(): value for name, value in server.esmtp_features.items()}
        sock = server.sock
        assert sock is not None  # noqa: S101  smtplib sets it before EHLO
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        # The socket lives on without smtplib, which would close it with its buffered file.
        return sock, Offer.from_features(features)

    def _tls(self) -> ssl.SSLContext:
        """Return the context that verifies the server; reading the system's roots is slow."""
        return self.context or _default_context()


class SmtpSession:
    """Open sockets and the copies waiting for them. Each copy meets exactly one socket."""

    retry_after_seconds: float = 0.0
    down_for_good: bool = False

    def __init__(self, transport: SmtpTransport, watcher: Watcher, envelope_from: str) -> None:
        self._transport = transport
        self._watcher = watcher
        self._envelope_from = envelope_from
        self._selector = selectors.DefaultSelector()
        self._lanes: list[Lane] = []
        self._waiting: deque[tuple[Copy, Group]] = deque()
        self._groups: deque[Group] = deque()
        self._down: str | None = None
        # Connections lost in a row without one answer: a server that always hangs up is down.
        self._barren = 0

    def connect(self) -> None:
        """Open one more socket. Raises: TransportDownError."""
        sock, offer = self._transport.connect()
        lane = Lane(sock, offer, self._envelope_from, self._watcher)
        self._lanes.append(lane)
        self._selector.register(sock, selectors.EVENT_READ, lane)

    def submit(self, group: Group) -> None:
        """Queue a group's copies for the sockets that are free."""
        self._groups.append(group)
        self._waiting.extend((copy, group) for copy in group.copies)
        self._open_more()
        self._feed()

    def collect(self) -> Group:
        """Drive the sockets until the oldest or any other group is answered, and return it."""
        while True:
            for group in self._groups:
                if group.unanswered == 0:
                    self._groups.remove(group)
                    return group
            self._turn()

    def close(self) -> None:
        """Say QUIT where that is possible without waiting, and close."""
        for lane in self._lanes:
            lane.quit()
        self._selector.close()
        self._lanes.clear()

    def _turn(self) -> None:
        """Wait for one round of readiness and act on it."""
        busy = [lane for lane in self._lanes if lane.busy]
        if not busy:
            if self._barren > self._transport.sockets or not self._revive():
                self._give_back_waiting()
            return
        now = time.monotonic()
        patience = min(lane.heard_at for lane in busy) + self._transport.timeout_seconds - now
        ready = self._selector.select(max(0.0, patience))
        for key, events in ready:
            lane: Lane = key.data
            lane.act(readable=bool(events & selectors.EVENT_READ))
        self._settle()
        self._feed()

    def _settle(self) -> None:
        """Take finished lanes off the selector and count answers towards their groups."""
        now = time.monotonic()
        for lane in list(self._lanes):
            if lane.busy and now - lane.heard_at >= self._transport.timeout_seconds:
                lane.drop("timeout: no reply")
            finished = lane.take_finished()
            for _copy, group in finished:
                group.unanswered -= 1
            self._barren = 0 if finished else self._barren + lane.closed
            self._waiting.extendleft(reversed(lane.take_unsent()))
            if lane.closed:
                self._selector.unregister(lane.sock)
                lane.sock.close()
                self._lanes.remove(lane)

    def _feed(self) -> None:
        """Give every free lane its next copy, if the group's deadline still allows it."""
        for lane in self._lanes:
            while self._waiting and lane.free:
                copy, group = self._waiting.popleft()
                if time.monotonic() >= group.deadline:
                    # Too late to be sure of an answer within the lease: certainly unsent.
                    group.unanswered -= 1
                    continue
                lane.take(copy, group)
            self._register(lane)

    def _register(self, lane: Lane) -> None:
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if lane.wants_write else 0)
        if not lane.closed and self._selector.get_key(lane.sock).events != events:
            self._selector.modify(lane.sock, events, lane)

    def _open_more(self) -> None:
        """Open sockets while there is more to do than free lanes, up to the account's number."""
        while (
            len(self._lanes) < self._transport.sockets
            and len(self._waiting) > sum(lane.free for lane in self._lanes)
        ):
            try:
                self.connect()
            except TransportDownError as error:
                self._down = str(error)
                # Fewer sockets are slower, not wrong; none at all is the sender's business.
                return

    def _revive(self) -> bool:
        """No lane is at work while copies wait: try one new connection."""
        try:
            self.connect()
        except TransportDownError as error:
            self._down = str(error)
            return False
        self._feed()
        return True

    def _give_back_waiting(self) -> None:
        """Nothing can carry these: they stay unsent, and the sender decides."""
        while self._waiting:
            copy, group = self._waiting.popleft()
            copy.code = self._down or "connection lost"
            group.unanswered -= 1


@cache
def _default_context() -> ssl.SSLContext:
    return ssl.create_default_context()


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        return f"{error.smtp_code} {words}"[:120]
    return f"{type(error).__name__}: {error}"[:120]


