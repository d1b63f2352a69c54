"""An SMTP server that is strict until its script says otherwise, and remembers what it was told.

A `Rule` names the verb at which the server departs from its duty. Without any it is a plain server
with one thread for each connection; what it took stands in `whole` and `accepted`.
"""

import socket
import ssl
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

OFFER = ("PIPELINING", "SIZE 10485760", "8BITMIME", "SMTPUTF8")


@dataclass(frozen=True)
class Hang:
    """Say nothing more; wait until the client goes away."""


@dataclass(frozen=True)
class Close:
    """Hang up without a word."""


@dataclass(frozen=True)
class Drip:
    """Say it byte by byte."""

    reply: bytes
    seconds_each: float


Reaction = bytes | Hang | Close | Drip


@dataclass(frozen=True)
class Rule:
    """From the `first` time a verb comes, `times` times, react like this.

    Besides SMTP's own, verbs are `banner`, `body` (its first line came) and `dot` (all of it came).
    """

    verb: str
    reaction: Reaction
    first: int = 1
    times: int = 1
    # Only where this reader is concerned; it is known from RCPT on.
    recipient: str = ""


ALWAYS = 1_000_000


class _EndError(Exception):
    """The conversation is over."""


@dataclass
class ScriptedServer:
    """Listens on a port of its own while used as a context manager.

    `eager` answers DATA with 354 even without a recipient, as some servers do.
    """

    rules: tuple[Rule, ...] = ()
    offer: tuple[str, ...] = OFFER
    eager: bool = False
    tls: ssl.SSLContext | None = None
    tls_at_once: bool = False
    receive_buffer: int = 0
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)
    # Recipients whose message came with its dot, and those of them that were told 2xx.
    whole: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    messages: dict[str, bytes] = field(default_factory=dict)
    empty: int = 0
    _seen: Counter[str] = field(default_factory=Counter)
    _sockets: list[socket.socket] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        if self.receive_buffer:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self.hang_up()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def hang_up(self, last_words: bytes = b"") -> None:
        """Close every connection there is, as servers do with idle ones."""
        for sock in self._sockets:
            with suppress(OSError):
                sock.sendall(last_words)
                sock.shutdown(socket.SHUT_RDWR)

    def _start(self, work: object, *arguments: object) -> None:
        assert callable(work)
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _address = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._sockets.append(sock)
            self._start(self._converse, sock)

    def _converse(self, sock: socket.socket) -> None:
        handle = sock
        try:
            if self.tls and self.tls_at_once:
                handle = self.tls.wrap_socket(sock, server_side=True)
            with _Conversation(self, handle) as conversation:
                conversation.run()
        except (_EndError, OSError):
            pass
        finally:
            handle.close()
            sock.close()

    def rule_for(self, verb: str, recipient: str) -> Reaction | None:
        """Count a verb and return what the script wants of it."""
        with self._lock:
            self._seen[verb] += 1
            number = self._seen[verb]
        for rule in self.rules:
            in_turn = rule.first <= number < rule.first + rule.times
            if rule.verb == verb and in_turn and rule.recipient in {"", recipient}:
                return rule.reaction
        return None


class _Conversation:
    """One connection, as far as it has come."""

    def __init__(self, server: ScriptedServer, sock: socket.socket) -> None:
        self.server = server
        self.sender = False
        self.named = ""
        self.recipients: list[str] = []
        self._take_over(sock)

    def _take_over(self, sock: socket.socket) -> None:
        self.sock = sock
        self.lines = sock.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        self.lines.close()
        self.sock.close()

    def run(self) -> None:
        self._react("banner", b"220 scripted ESMTP\r\n")
        while line := self.lines.readline():
            verb = line[:4].decode("ascii", "replace").lower().strip()
            self.server.commands.append(verb.upper() + line[4:].decode().rstrip())
            getattr(self, f"_on_{verb}", self._on_other)(line)

    def _react(self, verb: str, duty: bytes) -> bytes:
        """Do what the script says, else the duty; returns what was said."""
        reaction = self.server.rule_for(verb, self.named)
        match reaction:
            case None:
                said = duty
            case Hang():
                self._wait_for_the_end()
            case Close():
                raise _EndError
            case Drip():
                for byte in reaction.reply:
                    self.sock.sendall(bytes((byte,)))
                    time.sleep(reaction.seconds_each)  # a server that drips
                said = reaction.reply
            case _:
                said = reaction
                self.sock.sendall(said)
        if reaction is None:
            self.sock.sendall(said)
        if said.startswith(b"421"):
            raise _EndError
        return said

    def _wait_for_the_end(self) -> None:
        while self.sock.recv(65536):
            pass
        raise _EndError

    def _on_ehlo(self, _line: bytes) -> None:
        words = ["scripted", *self.server.offer]
        marks = ["-"] * (len(words) - 1) + [" "]
        reply = "".join(f"250{mark}{word}\r\n" for mark, word in zip(marks, words, strict=True))
        self._react("EHLO", reply.encode())

    def _on_helo(self, _line: bytes) -> None:
        self._react("HELO", b"250 scripted\r\n")

    def _on_star(self, _line: bytes) -> None:
        said = self._react("STARTTLS", b"220 go ahead\r\n")
        if said.startswith(b"220"):
            assert self.server.tls
            self.lines.close()
            self._take_over(self.server.tls.wrap_socket(self.sock, server_side=True))

    def _on_auth(self, _line: bytes) -> None:
        self._react("AUTH", b"235 welcome\r\n")

    def _on_mail(self, _line: bytes) -> None:
        if self.sender:
            self.sock.sendall(b"503 5.5.1 nested MAIL command\r\n")
            return
        said = self._react("MAIL", b"250 2.1.0 sender taken\r\n")
        self.sender = said.startswith(b"2")

    def _on_rcpt(self, line: bytes) -> None:
        if not self.sender and not self.server.eager:
            self.sock.sendall(b"503 5.5.1 need MAIL first\r\n")
            return
        self.named = line.decode().partition("<")[2].partition(">")[0]
        if self._react("RCPT", b"250 2.1.5 recipient taken\r\n").startswith(b"2"):
            self.recipients.append(self.named)

    def _on_data(self, _line: bytes) -> None:
        if not self.recipients and not self.server.eager:
            self.sock.sendall(b"554 5.5.1 no valid recipients\r\n")
            return
        if self._react("DATA", b"354 end with a dot\r\n").startswith(b"354"):
            self._read_body()
        self._reset()

    def _read_body(self) -> None:
        (recipient,) = self.recipients or [""]
        lines: list[bytes] = []
        while (line := self.lines.readline()) != b".\r\n":
            if not line:
                raise _EndError
            lines.append(line)
            self.server.begun.add(recipient)
            if len(lines) == 1 and (said := self._react("body", b"")):
                if said.startswith(b"2"):
                    self.server.accepted.append(recipient)
                # Who answers before the dot listens no more.
                self._wait_for_the_end()
        if not lines:
            self.server.empty += 1
            self.sock.sendall(b"554 5.5.1 no message\r\n")
            return
        self.server.whole.append(recipient)
        self.server.messages[recipient] = b"".join(lines)
        said = self._react("dot", b"250 2.0.0 queued as 1\r\n")
        if said.startswith(b"2") and said.endswith(b"\n"):
            self.server.accepted.append(recipient)

    def _reset(self) -> None:
        self.sender, self.named, self.recipients = False, "", []

    def _on_rset(self, _line: bytes) -> None:
        self._reset()
        self._react("RSET", b"250 2.0.0 reset\r\n")

    def _on_quit(self, _line: bytes) -> None:
        self._react("QUIT", b"221 2.0.0 bye\r\n")
        raise _EndError

    def _on_other(self, _line: bytes) -> None:
        self.sock.sendall(b"500 5.5.2 what?\r\n")
