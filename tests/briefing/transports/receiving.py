"""A real SMTP server on this machine, aiosmtpd, that keeps what it was sent."""

import asyncio
import logging
import ssl
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

MAX_BYTES = 32 * 1024 * 1024


@dataclass
class Receiver:
    """What came: envelope sender, recipients and the bytes between DATA and the dot."""

    port: int = 0
    pipelining: bool = True
    # Recipient -> what is said to RCPT instead of yes.
    refusals: dict[str, str] = field(default_factory=dict)
    received: list[tuple[str, list[str], bytes]] = field(default_factory=list)

    @property
    def by_recipient(self) -> dict[str, bytes]:
        """Return each recipient's message; that there is one for each is asserted."""
        assert all(len(recipients) == 1 for _from, recipients, _content in self.received)
        found = {recipients[0]: content for _from, recipients, content in self.received}
        assert len(found) == len(self.received), "somebody was written to twice"
        return found

    async def handle_EHLO(
        self, server: SMTP, session: Any, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        extra = ["250-PIPELINING"] if self.pipelining else []
        return [responses[0], *extra, *responses[1:]]

    async def handle_RCPT(
        self, server: SMTP, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 yes"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        assert envelope.mail_from
        self.received.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 2.0.0 kept"


def _authenticate(
    server: SMTP, session: Any, envelope: Envelope, mechanism: str, given: LoginPassword
) -> AuthResult:
    right = (given.login, given.password) == (b"desk", b"right")
    # "Handled" would mean that this function has spoken to the client itself.
    return AuthResult(success=right, handled=False)


@contextmanager
def receiving(
    *,
    pipelining: bool = True,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    login: bool = False,
    without: tuple[str, ...] = (),
    refusals: dict[str, str] | None = None,
) -> Iterator[Receiver]:
    """Run a server in a thread of its own. `without` takes mechanisms out of AUTH's offer."""
    receiver = Receiver(pipelining=pipelining, refusals=refusals or {})
    loop = asyncio.new_event_loop()

    def conversation() -> SMTP:
        return SMTP(
            receiver,
            data_size_limit=MAX_BYTES,
            enable_SMTPUTF8=True,
            hostname="receiver.example",
            tls_context=starttls,
            require_starttls=starttls is not None,
            auth_required=login,
            auth_require_tls=starttls is not None,
            authenticator=_authenticate if login else None,
            auth_exclude_mechanism=without,
            loop=loop,
        )

    # A browser in the same test process leaves its own loop running in the main thread.
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def in_its_thread(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    server = in_its_thread(loop.create_server(conversation, "127.0.0.1", 0, ssl=tls))
    receiver.port = server.sockets[0].getsockname()[1]
    # It writes down every line it reads.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    try:
        yield receiver
    finally:
        loop.call_soon_threadsafe(server.close)
        in_its_thread(_end(loop))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(loop: asyncio.AbstractEventLoop) -> None:
    """Let every conversation take note that it is over."""
    others = [task for task in asyncio.all_tasks(loop) if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0)
