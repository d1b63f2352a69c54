"""Copies on their way over SMTP, and what came of each, in words."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ssl import SSLContext

from briefing.dispatch.outcome import ACCEPTED, DEFERRED, REJECTED, UNKNOWN
from briefing.env import SmtpAddress
from briefing.transports.base import Copy, Group, Session, Slots, VariantContent
from briefing.transports.smtp import SmtpTransport
from tests.briefing.transports import messages
from tests.briefing.transports.scripted import ScriptedServer

WORDS = {
    ACCEPTED: "accepted",
    DEFERRED: "deferred",
    REJECTED: "rejected",
    UNKNOWN: "unknown",
    None: "given back",
}


@dataclass
class Notebook:
    """Watches as the journal does, and holds what it is told against what the server has seen."""

    server: ScriptedServer | None = None
    started_copies: list[str] = field(default_factory=list)
    answered_copies: list[str] = field(default_factory=list)

    def started(self, copy: Copy) -> None:
        assert copy.started
        assert copy.recipient not in self.started_copies, "handed over twice"
        assert self.server is None or copy.recipient not in self.server.begun, "noted too late"
        self.started_copies.append(copy.recipient)

    def answered(self, copy: Copy) -> None:
        assert copy.outcome in {ACCEPTED, DEFERRED, REJECTED}
        assert copy.recipient not in self.answered_copies, "answered twice"
        self.answered_copies.append(copy.recipient)


def copies(number: int, *, kilobytes: int = 0) -> list[Copy]:
    """Make copies for reader1, reader2, ..., each with its own name in it."""
    filling = ["word " * (200 * kilobytes), "name|there", "\n"]
    content = messages.variant(text=filling if kilobytes else None)
    names = [f"reader{index}" for index in range(1, number + 1)]
    readers = [messages.reader(name=name, address=f"{name}@mail.example") for name in names]
    return copies_for(readers, content)


def copy_to(recipient: str) -> Copy:
    """Make one copy."""
    return copies_for([messages.reader(address=recipient)], messages.variant())[0]


def copies_for(readers: Sequence[Slots], content: VariantContent) -> list[Copy]:
    """Make the copies of readers with these values."""
    payloads = messages.all_spliced(content, readers)
    return [
        Copy(0, 7, 0, slots.recipient, payload)
        for slots, payload in zip(readers, payloads, strict=True)
    ]


def transport(
    port: int,
    *,
    sockets: int = 1,
    timeout_seconds: float = 10,
    security: str = "none",
    login: tuple[str, str] = ("", ""),
    context: SSLContext | None = None,
) -> SmtpTransport:
    """Return an account on this machine; `localhost`, because certificates name hosts."""
    address = SmtpAddress("localhost", port, *login, security)
    return SmtpTransport(address, sockets, timeout_seconds, context)


def send(
    account: SmtpTransport, groups: Iterable[Sequence[Copy]], notebook: Notebook | None = None
) -> Session:
    """Hand groups over, two in flight at a time as the sender does; returns the closed session."""
    session = account.open(notebook or Notebook(), messages.SENDER)
    try:
        in_flight = 0
        for each in groups:
            session.submit(Group(list(each), time.monotonic() + 60))
            in_flight += 1
            if in_flight == 2:
                session.collect()
                in_flight -= 1
        for _left in range(in_flight):
            session.collect()
    finally:
        session.close()
    return session


def fates(sent: Iterable[Copy]) -> list[str]:
    """Return what came of each copy, in one word."""
    for copy in sent:
        # What is given back was certainly not handed over.
        assert copy.outcome is not None or not copy.started
    return [WORDS[copy.outcome] for copy in sent]
