"""One SMTP connection as a small machine: envelope, body, answer, and what each refusal means.

With PIPELINING the body of one copy and the envelope of the next leave in one write; without it
each command waits for the answer to the last. Before it: session, which owns the lanes.
Sources: RFC 5321; RFC 2920 (pipelining).
"""

import time
from collections import deque
from collections.abc import Iterable

from briefing.dispatch.outcome import ACCEPTED, DEFERRED, UNKNOWN
from briefing.transports.base import Watcher
from briefing.transports.smtp.dial import Connection
from briefing.transports.smtp.owner import Held, Owner
from briefing.transports.smtp.reply import (
    CLOSING,
    GO_AHEAD,
    Replies,
    Reply,
    of_envelope,
    of_message,
)
from briefing.transports.smtp.stream import Stream

_STAGES = ("mail", "rcpt", "data")


class Lane:
    """One connection. At most one body is unanswered at any time, one envelope beside it.

    `closed` is empty or why nothing more can be done here; `refused` is empty or the reply by which
    the server refused all of our mail.
    """

    def __init__(
        self, connection: Connection, *, envelope_from: str, owner: Owner, watcher: Watcher
    ) -> None:
        self.sock = connection.sock
        self.offer = connection.offer
        self.closed = ""
        self.refused = ""
        self.heard_at = time.monotonic()
        self._envelope_from = envelope_from
        self._owner = owner
        self._watcher = watcher
        self._stream = Stream(connection.sock)
        self._replies = Replies()
        self._expected: deque[str] = deque()
        self._commands: deque[bytes] = deque()
        self._next: Held | None = None
        self._opening: Held | None = None
        self._refusal: tuple[str, Reply] | None = None
        self._recipient_taken = False
        self._body: Held | None = None
        # Where in the stream the dot of the body ends; once that is taken the copy may be theirs.
        self._dot_at = 0

    # ------------------------------------------------------------------ what the session asks

    @property
    def free(self) -> bool:
        """Whether another copy can be taken: one waits here so that no write goes half empty."""
        return self._next is None and not self.closed

    @property
    def busy(self) -> bool:
        """Whether the server owes an answer or something is waiting to be written."""
        return bool(self._expected) or self._stream.waiting

    @property
    def wants_write(self) -> bool:
        """Whether the kernel did not take everything."""
        return self._stream.waiting

    def take(self, held: Held) -> None:
        """Accept one copy; its envelope leaves at once or behind the body before it."""
        self._next = held
        if self._opening:
            # Nothing may be said before the envelope that is out is answered.
            return
        if not self.busy:
            self.heard_at = time.monotonic()
        self._go_on()
        self._flush()

    def act(self, *, readable: bool) -> None:
        """Read what came, act on every whole reply, write what can be written."""
        if readable and not self.closed:
            self._read()
        self._flush()

    def drop(self, reason: str) -> None:
        """Give the connection up for a reason, and settle what it carried."""
        if self.closed:
            return
        self.closed = reason
        if self._body:
            # With the dot still in our hands the server cannot have accepted the message.
            self._finish_body(UNKNOWN if self._stream.taken >= self._dot_at else DEFERRED, reason)
        if self._opening and self._refusal:
            self._finish_refused()
        if self._opening:
            self._opening.losses += 1
        for held in (self._opening, self._next):
            if held:
                self._owner.returned(held)
        self._opening = self._next = None
        self._expected.clear()
        self._commands.clear()
        self._stream.forget()

    def quit(self) -> None:
        """Take leave without waiting for the answer."""
        if not self.busy and not self.closed:
            self._stream.say(b"QUIT\r\n")
            self._flush()
        self.closed = self.closed or "done"
        self.sock.close()

    # ------------------------------------------------------------------ the conversation

    def _go_on(self) -> None:
        """Say what may be said now: everything, or one command when nothing is owed."""
        if self.closed or (self._expected and not self.offer.pipelining):
            return
        if self._next and not self._opening:
            self._opening, self._next = self._next, None
            self._refusal, self._recipient_taken = None, False
            envelope = self.offer.envelope(
                self._opening.copy.envelope_from or self._envelope_from, self._opening.copy
            )
            if self.offer.pipelining:
                self._expected.extend(_STAGES)
                self._stream.say(envelope)
            else:
                self._commands.extend(envelope.splitlines(keepends=True))
        if self._commands:
            self._expected.append(_STAGES[-len(self._commands)])
            self._stream.say(self._commands.popleft())

    def _read(self) -> None:
        try:
            data = self._stream.hear()
        except EOFError:
            self.drop("connection closed by the server")
            return
        except OSError as error:
            self.drop(f"connection lost: {type(error).__name__}")
            return
        now = time.monotonic()
        if self._in_step and self._replies.all_well(data):
            self.heard_at = now
            self._expected.clear()
            self._finish_body(ACCEPTED, None)
            self._send_body()
        else:
            self._act_on_each(self._replies.feed(data), now)
        self._go_on()

    @property
    def _in_step(self) -> bool:
        """Whether a whole body is out, with the next envelope behind it, and nothing is answered yet."""
        return self._body is not None and len(self._expected) == 4 and not self._stream.waiting

    def _act_on_each(self, replies: Iterable[Reply], now: float) -> None:
        for reply in replies:
            if not self._expected:
                # 421 may come unasked; anything else unasked is not SMTP.
                self.drop(str(reply))
            if self.closed:
                return
            self.heard_at = now
            self._on_reply(self._expected.popleft(), reply)
        if self._replies.unreadable:
            self.drop("unreadable reply")

    def _on_reply(self, stage: str, reply: Reply) -> None:
        if stage == "body":
            self._on_body_reply(reply)
        elif reply.code == CLOSING:
            # Whose recipient or message met it is deferred. At MAIL nobody was named yet: a server
            # that takes so many messages a connection says it there, and the next one will do.
            if self._opening and stage in {"rcpt", "data"} and not self._refusal:
                self._refusal = (stage, reply)
            self.drop(str(reply))
        elif stage == "data":
            self._on_data_reply(reply)
        elif stage in _STAGES:
            self._on_envelope_reply(stage, reply)
        # "clear" answers RSET or a bare dot, which only clear the way for the next envelope.

    def _on_envelope_reply(self, stage: str, reply: Reply) -> None:
        if 200 <= reply.code < 300:
            self._recipient_taken |= stage == "rcpt"
        elif not 400 <= reply.code < 600:
            self.drop(f"unexpected reply to {stage}: {reply}")
        else:
            self._refusal = self._refusal or (stage, reply)
            if not self.offer.pipelining:
                self._give_up_envelope(b"RSET\r\n")

    def _on_data_reply(self, reply: Reply) -> None:
        if reply.code == GO_AHEAD:
            if self._refusal is None:
                self._send_body()
            elif self._recipient_taken:
                # MAIL refused, RCPT taken: a bare dot would be an empty message to the reader.
                self.drop(f"DATA accepted after {self._refusal[1]}")
            else:
                # The server wants the message of a refused envelope: a bare dot sends nothing.
                self._give_up_envelope(b".\r\n")
        elif self._refusal is None and not 400 <= reply.code < 600:
            self.drop(f"unexpected reply to data: {reply}")
        else:
            self._refusal = self._refusal or ("data", reply)
            self._give_up_envelope(b"RSET\r\n")

    def _give_up_envelope(self, clearing: bytes) -> None:
        """Answer for the copy of a refused envelope, and clear the transaction."""
        self._commands.clear()
        self._finish_refused()
        if not self.closed:
            self._stream.say(clearing)
            self._expected.append("clear")

    def _finish_refused(self) -> None:
        """Settle the copy of a refused envelope, or stop when the refusal is meant for us."""
        assert self._opening and self._refusal  # noqa: S101, PT018  called on refusals only
        stage, reply = self._refusal
        utf8 = not self._opening.copy.recipient.isascii()
        outcome = of_envelope(stage, reply, utf8=utf8)
        if outcome is None:
            self.refused = str(reply)
            self._refusal = None
            self.drop(self.refused)
            return
        held, self._opening = self._opening, None
        self._finish(held, outcome, str(reply))

    def _send_body(self) -> None:
        """Pass the point of no return on the wire: note it, check the time, and only then write.

        In this order: a worker stopped between the two may wake up with its lease over, and whoever
        took over in the meantime must have read that the copy may be on the wire.
        """
        assert self._opening  # noqa: S101  DATA is only expected with an envelope open
        held = self._opening
        held.copy.started = True
        self._watcher.started(held.copy)
        if time.monotonic() >= held.group.deadline:
            # A worker that slept past its lease must not write; only hanging up ends DATA.
            held.copy.started = False
            self.drop("the lease was nearly over")
            return
        self._body, self._opening = held, None
        assert isinstance(held.copy.payload, bytes)  # noqa: S101  built by WireComposer
        self._dot_at = self._stream.say(held.copy.payload)
        self._expected.append("body")

    def _on_body_reply(self, reply: Reply) -> None:
        outcome = of_message(reply)
        whole = self._stream.taken >= self._dot_at
        if not whole and 200 <= reply.code < 300:
            # A yes to a message whose end we still hold cannot be believed.
            outcome = UNKNOWN
        self._finish_body(outcome, None if outcome == ACCEPTED else str(reply))
        if not whole or outcome == UNKNOWN or reply.code == CLOSING:
            self.drop(str(reply))

    def _finish_body(self, outcome: int, code: str | None) -> None:
        assert self._body  # noqa: S101  an answer to a body names one
        held, self._body = self._body, None
        self._finish(held, outcome, code)

    def _finish(self, held: Held, outcome: int, code: str | None) -> None:
        held.copy.outcome = outcome
        held.copy.code = code
        if outcome != UNKNOWN:
            self._watcher.answered(held.copy)
        self._owner.answered(held)

    def _flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self.drop(f"connection lost: {type(error).__name__}")
