"""One SMTP connection as a small machine: envelope, body, answer, and what each refusal means.

With PIPELINING the body of one copy and the envelope of the next leave in one write; without it
each command waits for the answer to the last.
"""

import re
import socket
import ssl
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from briefing.dispatch.outcome import ACCEPTED, DEFERRED, REJECTED, UNKNOWN
from briefing.transports.base import Copy, Group, Watcher

_MAX_REPLY_BYTES = 65536
_ADDRESS = re.compile(r"<?[^\s<>@]+@[^\s<>]+>?")
_UNSAFE_RECIPIENT = re.compile(r"[\x00-\x20\x7f<>]")


@dataclass(frozen=True, slots=True)
class Offer:
    """What the server said in EHLO. `max_bytes` 0 means no limit was named."""

    pipelining: bool
    eight_bit: bool
    utf8: bool
    size: bool
    max_bytes: int

    @classmethod
    def from_features(cls, features: dict[str, str]) -> Self:
        """Read smtplib's table of EHLO keywords."""
        limit = features.get("SIZE", "").strip()
        return cls(
            pipelining="PIPELINING" in features,
            eight_bit="8BITMIME" in features,
            utf8="SMTPUTF8" in features,
            size="SIZE" in features,
            max_bytes=int(limit) if limit.isdigit() else 0,
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole reply. `words` never holds an address: replies like to quote them."""

    code: int
    words: str

    def __str__(self) -> str:
        return f"{self.code} {self.words}"[:120].rstrip()


class Lane:
    """One connection. At most one body is unanswered at any time, one envelope beside it."""

    def __init__(
        self, sock: socket.socket, offer: Offer, envelope_from: str, watcher: Watcher
    ) -> None:
        self.sock = sock
        self.closed = False
        self.heard_at = time.monotonic()
        self._offer = offer
        self._from = envelope_from
        self._watcher = watcher
        self._in = bytearray()
        self._out = memoryview(b"")
        self._expected: deque[str] = deque()
        self._commands: deque[tuple[str, bytes]] = deque()
        self._next: tuple[Copy, Group] | None = None
        self._opening: tuple[Copy, Group] | None = None
        self._refusal: Reply | None = None
        self._body: tuple[Copy, Group] | None = None
        self._finished: list[tuple[Copy, Group]] = []
        self._unsent: list[tuple[Copy, Group]] = []

    # ------------------------------------------------------------------ what the session asks

    @property
    def free(self) -> bool:
        """Whether another copy can be taken: one waits here so that no write goes half empty."""
        return not self.closed and self._next is None

    @property
    def busy(self) -> bool:
        """Whether the server owes an answer or something is waiting to be written."""
        return not self.closed and bool(self._expected or self._out)

    @property
    def wants_write(self) -> bool:
        """Whether the kernel did not take everything."""
        return bool(self._out)

    def take_finished(self) -> list[tuple[Copy, Group]]:
        """Return the copies answered since the last call."""
        finished, self._finished = self._finished, []
        return finished

    def take_unsent(self) -> list[tuple[Copy, Group]]:
        """Return copies that this connection let go of without handing them over."""
        unsent, self._unsent = self._unsent, []
        return unsent

    def take(self, copy: Copy, group: Group) -> None:
        """Accept one copy; its envelope leaves at once or behind the body before it."""
        refusal = self._cannot_carry(copy)
        if refusal:
            self._finish((copy, group), REJECTED, refusal)
            return
        if not self.busy:
            self.heard_at = time.monotonic()
        self._next = (copy, group)
        if self._opening is None and (self._offer.pipelining or not self._expected):
            self._write(self._open_next())

    def act(self, *, readable: bool) -> None:
        """Read what came, act on every whole reply, write what can be written."""
        if self.closed:
            return
        if readable:
            self._read()
        if self._out and not self.closed:
            self._flush()

    def quit(self) -> None:
        """Take leave without waiting for the answer."""
        if not self.closed:
            try:
                if not self._expected:
                    self.sock.send(b"QUIT\r\n")
            except OSError:
                pass
            self.sock.close()
            self.closed = True

    def drop(self, reason: str) -> None:
        """The connection is of no use any more: settle what it carried."""
        if self.closed:
            return
        self.closed = True
        if self._body:
            # With the dot still in our hands the server cannot have accepted the message.
            certain = bool(self._out)
            self._finish(self._body, DEFERRED if certain else UNKNOWN, reason)
            self._body = None
        self._unsent.extend(held for held in (self._opening, self._next) if held)
        self._opening = self._next = None
        self._expected.clear()
        self._out = memoryview(b"")

    # ------------------------------------------------------------------ the conversation

    def _cannot_carry(self, copy: Copy) -> str:
        """Return why this server cannot be handed this copy, or nothing."""
        assert isinstance(copy.payload, bytes)  # noqa: S101  built by WireComposer
        if _UNSAFE_RECIPIENT.search(copy.recipient):
            return "553 5.1.3 address cannot be written in an envelope"
        if not copy.recipient.isascii() and not self._offer.utf8:
            return "553 5.6.7 server does not offer SMTPUTF8"
        if self._offer.max_bytes and len(copy.payload) > self._offer.max_bytes:
            return "552 5.3.4 larger than the server's SIZE"
        return ""

    def _open_next(self) -> bytes:
        """Move the waiting copy into the envelope and return the bytes to write now."""
        if self._next is None:
            return b""
        self._opening, self._next = self._next, None
        self._refusal = None
        self._commands.extend(self._envelope(self._opening[0]))
        return self._advance()

    def _envelope(self, copy: Copy) -> Iterable[tuple[str, bytes]]:
        parameters = ""
        if self._offer.size:
            assert isinstance(copy.payload, bytes)  # noqa: S101
            parameters += f" SIZE={len(copy.payload)}"
        if not copy.recipient.isascii():
            parameters += " BODY=8BITMIME SMTPUTF8"
        yield "mail", f"MAIL FROM:<{self._from}>{parameters}\r\n".encode()
        yield "rcpt", f"RCPT TO:<{copy.recipient}>\r\n".encode()
        yield "data", b"DATA\r\n"

    def _advance(self) -> bytes:
        """Return the commands that may be written now: all of them, or one at a time."""
        if not self._offer.pipelining:
            if self._expected or not self._commands:
                return b""
            stage, line = self._commands.popleft()
            self._expected.append(stage)
            return line
        lines = b"".join(line for _stage, line in self._commands)
        self._expected.extend(stage for stage, _line in self._commands)
        self._commands.clear()
        return lines

    def _read(self) -> None:
        try:
            while True:
                data = self.sock.recv(65536)
                if not data:
                    self.drop("connection closed by the server")
                    return
                self._in += data
                # Decrypted bytes wait inside the TLS layer, where no selector sees them.
                if not isinstance(self.sock, ssl.SSLSocket):
                    break
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError as error:
            self.drop(f"connection lost: {type(error).__name__}")
            return
        self.heard_at = time.monotonic()
        self._replies()

    def _replies(self) -> None:
        """Act on every complete reply in the buffer, in order."""
        out: list[bytes] = []
        while not self.closed:
            reply = self._next_reply()
            if reply is None:
                break
            if not self._expected:
                # 421 may come unasked; anything else unasked is not SMTP.
                self.drop(str(reply))
                return
            out.append(self._on_reply(self._expected.popleft(), reply))
        if len(self._in) > _MAX_REPLY_BYTES:
            self.drop("unreadable reply")
        if not self.closed:
            self._write(b"".join(out))

    def _next_reply(self) -> Reply | None:
        """Cut one reply off the buffer. Source: RFC 5321 section 4.2.1 (multi-line replies)."""
        at = 0
        while True:
            end = self._in.find(b"\n", at)
            if end < 0:
                return None
            line = bytes(self._in[at:end]).rstrip(b"\r")
            at = end + 1
            if not line[:3].isdigit():
                self.drop("unreadable reply")
                return None
            if line[3:4] != b"-":
                del self._in[:at]
                words = line[4:].decode("utf-8", "replace")
                return Reply(int(line[:3]), _ADDRESS.sub("<address>", words))

    def _on_reply(self, stage: str, reply: Reply) -> bytes:
        """Return what to write in answer."""
        if stage == "body":
            return self._on_body_reply(reply)
        if reply.code == 421:
            return self._on_closing(stage, reply)
        if stage in {"mail", "rcpt"}:
            if not 200 <= reply.code < 300 and self._refusal is None:
                self._refusal = reply
            if self._refusal and not self._offer.pipelining:
                self._commands.clear()
                return self._give_up_envelope()
            return self._advance()
        if stage == "data":
            return self._on_data_reply(reply)
        # "empty" and "rset" only clear the way for the next envelope.
        return self._advance() or self._open_when_clear()

    def _on_closing(self, stage: str, reply: Reply) -> bytes:
        """421: the server hangs up. Whoever met it is deferred, the others were not touched."""
        if stage in {"mail", "rcpt", "data"} and self._opening:
            self._finish(self._opening, DEFERRED, str(reply))
            self._opening = None
        self.drop(str(reply))
        return b""

    def _on_data_reply(self, reply: Reply) -> bytes:
        assert self._opening  # noqa: S101  DATA is only expected with an envelope open
        if self._refusal is None and reply.code == 354:
            return self._send_body()
        if reply.code == 354:
            # The recipient was refused, yet the server wants the message: a bare dot sends nothing.
            self._finish(self._opening, _outcome(self._refusal or reply), str(self._refusal))
            self._opening = None
            self._expected.append("empty")
            return b".\r\n"
        if self._refusal is None:
            self._refusal = reply
        return self._give_up_envelope()

    def _give_up_envelope(self) -> bytes:
        """The envelope was refused: answer for the copy and clear the transaction."""
        assert self._opening and self._refusal  # noqa: S101, PT018  called on refusals only
        self._finish(self._opening, _outcome(self._refusal), str(self._refusal))
        self._opening = None
        self._expected.append("rset")
        return b"RSET\r\n" + (self._open_next() if self._offer.pipelining else b"")

    def _send_body(self) -> bytes:
        """The point of no return on the wire: note it, check the time, and only then write."""
        assert self._opening  # noqa: S101
        copy, group = self._opening
        copy.started = True
        self._watcher.started(copy)
        if time.monotonic() >= group.deadline:
            # A worker that slept past its lease must not write; only hanging up ends DATA.
            copy.started = False
            self._finish(self._opening, DEFERRED, "not sent: the lease was nearly over")
            self._opening = None
            self.drop("the lease was nearly over")
            return b""
        self._body, self._opening = self._opening, None
        self._expected.append("body")
        assert isinstance(copy.payload, bytes)  # noqa: S101
        return copy.payload + (self._open_next() if self._offer.pipelining else b"")

    def _on_body_reply(self, reply: Reply) -> bytes:
        assert self._body  # noqa: S101
        held, self._body = self._body, None
        if 200 <= reply.code < 300:
            self._finish(held, ACCEPTED, None)
        else:
            self._finish(held, _outcome(reply), str(reply))
        if reply.code == 421:
            self.drop(str(reply))
            return b""
        return self._open_when_clear()

    def _open_when_clear(self) -> bytes:
        """Without pipelining the next envelope waits until nothing is owed."""
        if self._opening is None and not self._expected:
            return self._open_next()
        return b""

    def _finish(self, held: tuple[Copy, Group], outcome: int, code: str | None) -> None:
        copy = held[0]
        copy.outcome, copy.code = outcome, code
        if outcome != UNKNOWN:
            self._watcher.answered(copy)
        self._finished.append(held)

    # ------------------------------------------------------------------ bytes

    def _write(self, data: bytes) -> None:
        if not data or self.closed:
            return
        self._out = memoryview(bytes(self._out) + data) if self._out else memoryview(data)
        self._flush()

    def _flush(self) -> None:
        try:
            while self._out:
                self._out = self._out[self.sock.send(self._out) :]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError as error:
            self.drop(f"connection lost: {type(error).__name__}")


def _outcome(reply: Reply) -> int:
    """4xx is definite for now, 5xx for ever. Source: RFC 5321 section 4.2.1."""
    if 400 <= reply.code < 500:
        return DEFERRED
    if 500 <= reply.code < 600:
        return REJECTED
    return UNKNOWN
