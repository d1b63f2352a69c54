"""The demo's mail server: takes every message, keeps it in a file, passes nothing on.

`python -m briefing.demo.sink --port 8025 --file .local/mail.sqlite3`. It listens on this machine
only. A 250 after the final dot means that the message is stored and outlives a kill of the sink,
so its file can be held against what the dispatch believes was accepted.
"""

import argparse
import asyncio
import logging
import os
import signal
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from briefing.demo import mailbox

logger = logging.getLogger("briefing.demo.sink")

HOST = "127.0.0.1"
MAX_BYTES = 16 * 1024 * 1024
# Source: RFC 5321, 4.5.3.1.6, with its CRLF.
MAX_LINE_BYTES = 1000
_END = b"\r\n.\r\n"


class Keeper:
    """Writes what arrives in as few transactions as the traffic allows, beside the event loop."""

    def __init__(self, box: mailbox.Mailbox) -> None:
        self._box = box
        self._waiting: list[tuple[mailbox.Arrival, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1)

    async def keep(self, arrival: mailbox.Arrival) -> None:
        """Return when the message is stored. Raises: sqlite3.Error when it could not be."""
        stored = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, stored))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        await stored

    async def _write(self) -> None:
        """Store what waits, and what came meanwhile, until nothing waits."""
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            error: sqlite3.Error | None = None
            try:
                arrivals = [arrival for arrival, _ in batch]
                await loop.run_in_executor(self._thread, self._box.keep, arrivals)
            except sqlite3.Error as problem:
                error = problem
            for _, stored in batch:
                # A client that hung up no longer waits; its message is stored all the same.
                if not stored.done():
                    stored.set_exception(error) if error else stored.set_result(None)
        self._writer = None


class Handler:
    """What the sink answers where aiosmtpd asks."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    async def handle_EHLO(  # aiosmtpd names its hooks and their arguments
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        """Offer pipelining: commands are read in order from a buffer, so it costs nothing."""
        session.host_name = hostname
        return [responses[0], "250-PIPELINING", *responses[1:]]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Answer 250 when the message is stored, and only then."""
        arrival = mailbox.Arrival(
            at=time.time(),
            mail_from=envelope.mail_from or "",
            recipients=tuple(envelope.rcpt_tos),
            raw=envelope.original_content or b"",
        )
        try:
            await self._keeper.keep(arrival)
        except sqlite3.Error:
            logger.exception("sink.not_stored")
            return "451 4.3.0 The message could not be stored, try again later"
        return "250 2.0.0 Stored"


class WholeMessageSMTP(SMTP):
    """aiosmtpd, but it reads a message in a few pieces, not line by line: three times as fast."""

    line_length_limit = MAX_BYTES

    async def smtp_DATA(self, arg: str | None) -> None:
        """Take one message. Source: RFC 5321, 4.1.1.4 and 4.5.2."""
        if await self.check_helo_needed():
            return
        if self.envelope is None or not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Need RCPT first")
            return
        if arg:
            await self.push("501 5.5.4 DATA takes no argument")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        content = await self._read_content()
        answer = _refusal(content)
        if not answer:
            self.envelope.original_content = content
            answer = await self._call_handler_hook("DATA")
        self._set_post_data_state()  # type: ignore[no-untyped-call]  # aiosmtpd's own
        await self.push(answer)

    async def _read_content(self) -> bytes | None:
        """Read up to the final dot; None when it was more than is taken."""
        # The line break before the first line has been read with DATA; it may begin with the dot.
        content, too_large = bytearray(b"\r\n"), False
        while not content.endswith(_END):
            try:
                content += await self._reader.readuntil(_END[2:])
            except asyncio.LimitOverrunError as error:
                content += await self._reader.read(error.consumed)
            if len(content) > MAX_BYTES:
                too_large = True
                del content[: -len(_END)]
        return None if too_large else bytes(content[:-3]).replace(b"\r\n.", b"\r\n")[2:]


def _refusal(content: bytes | None) -> str:
    """Return why a message is not taken, or "". Readers' servers would refuse the same."""
    if content is None:
        return f"552 5.3.4 More than {MAX_BYTES} bytes"
    if any(len(line) > MAX_LINE_BYTES - 2 for line in content.split(b"\r\n")):
        return "500 5.6.0 A line is longer than RFC 5321 allows"
    return ""


async def serve(*, port: int, path: Path) -> None:
    """Serve until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    with mailbox.writing(path) as box:
        handler = Handler(Keeper(box))

        def answer() -> SMTP:
            return WholeMessageSMTP(
                handler,
                enable_SMTPUTF8=True,
                data_size_limit=MAX_BYTES,
                hostname="sink.localhost",
                # Tells whose sink answers, as /healthz tells whose web server.
                ident=f"ESMTP {os.environ.get('INSTANCE_ID', '')}".rstrip(),
                loop=loop,
            )

        server = await loop.create_server(answer, HOST, port)
        logger.info("sink.listening port=%d", server.sockets[0].getsockname()[1])
        await stopping.wait()
        server.close()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--file", type=Path, required=True)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # aiosmtpd writes every address it sees at INFO; a log holds none.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    asyncio.run(serve(port=options.port, path=options.file))


if __name__ == "__main__":
    main()
