"""The receiving side of a fault test: a mail server that misbehaves as told and forgets nothing.

`python -m tests.faults.sink LOG [PORT]` prints its port, then takes orders on its standard input and
answers each with `ok`; it ends when the input does. What it took, it has written to the log before
it answers: append-only, without flushing to the disk, so the log outlives a kill of any process.
"""

import asyncio
import os
import socket
import struct
import sys
import time
from pathlib import Path
from typing import cast

from tests.faults.moods import TAKEN, Mood, mood_of
from tests.faults.sinklog import line_of

_END = b"\r\n.\r\n"
_DRIP_SECONDS = 0.2


class Orders:
    """What the sink was told to be like, and the connections it is being so to."""

    def __init__(self, log: Path) -> None:
        self.log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self.delay_seconds = 0.0
        self.features = ["PIPELINING", "8BITMIME", "SIZE 0"]
        self.greeting = "220 sink ESMTP"
        self.open: set[Conversation] = set()


class Conversation(asyncio.Protocol):
    """One connection: lines until DATA, then bytes until the dot."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._buffer = bytearray()
        self._in_data = False
        self._recipients: list[str] = []
        self._mute = False
        # What was answered to the last flight: it leaves in one write, as the flight came in.
        self._said = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._orders.open.add(self)
        self._say(self._orders.greeting)
        if not self._orders.greeting.startswith("220"):
            self._hang_up()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._orders.open.discard(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while not self._mute and not self._transport.is_closing() and self._step():
            pass
        self._flush()

    def abort(self) -> None:
        """Reset the connection: what the other side still sends is answered by an error."""
        self._flush()
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def _step(self) -> bool:
        """Take one command or one body off the buffer; False when neither is whole yet."""
        end = self._buffer.find(_END if self._in_data else b"\r\n")
        if end < 0:
            if self._in_data and self._mood().trouble == "reset" and len(self._buffer) > 500:
                self.abort()
            return False
        content = bytes(self._buffer[:end])
        del self._buffer[: end + (len(_END) if self._in_data else 2)]
        if self._in_data:
            self._in_data = False
            self._on_body(content)
        else:
            self._on_command(content.decode("utf-8", "replace"))
        return True

    def _on_command(self, line: str) -> None:
        verb = line[:4].upper()
        if verb == "EHLO":
            self._say(*["sink", *self._orders.features])
        elif verb == "QUIT":
            self._say("221 bye")
            self._hang_up()
        elif verb == "MAIL":
            self._recipients = []
            self._answer("mail", "250 ok", self._expected())
        elif verb == "RCPT":
            self._on_recipient(line.partition("<")[2].partition(">")[0])
        elif verb == "DATA":
            self._on_data()
        else:
            self._say("250 ok")

    def _on_recipient(self, recipient: str) -> None:
        mood = mood_of(recipient)
        self._recipients.append(recipient)
        if mood.trouble == "stall":
            self._mute = True
            return
        if self._answer("rcpt", "250 ok", mood) != 250:
            self._recipients.pop()

    def _on_data(self) -> None:
        if not self._recipients:
            self._say("503 no recipients")
        elif self._answer("data", "354 go", self._mood()) == 354:
            self._in_data = True

    def _on_body(self, content: bytes) -> None:
        mood, recipients = self._mood(), self._recipients
        self._recipients = []
        if mood.trouble == "reset":
            self.abort()
            return
        if TAKEN.get(mood.trouble, mood.verb != "dot"):
            os.write(self._orders.log, line_of(time.monotonic(), recipients, content))
        if mood.trouble in {"drop", "lose"}:
            self._hang_up()
        elif mood.trouble == "hang":
            self._mute = True
        elif mood.trouble == "drip":
            self._drip()
        elif mood.trouble == "garbage":
            self._say("+OK thank you very much")
        else:
            self._answer("dot", "250 taken", mood)

    def _answer(self, verb: str, good: str, mood: Mood) -> int:
        """Say what the mood has for a verb; returns the code."""
        if mood.verb != verb:
            self._say(good)
            return int(good[:3])
        self._say(f"{mood.code} as asked for")
        if mood.code == 421:
            self._hang_up()
        return mood.code

    def _mood(self) -> Mood:
        return mood_of(self._recipients[0]) if self._recipients else Mood()

    def _expected(self) -> Mood:
        """Look ahead to the recipient, who follows in the same flight when commands are pipelined."""
        if not self._buffer[:8].upper().startswith(b"RCPT TO:"):
            return Mood()
        line = bytes(self._buffer).partition(b"\r\n")[0].decode("utf-8", "replace")
        return mood_of(line.partition("<")[2].partition(">")[0])

    def _say(self, *lines: str) -> None:
        if len(lines) > 1:
            texts = [f"250-{line}" for line in lines[:-1]] + [f"250 {lines[-1]}"]
        else:
            texts = list(lines)
        data = "".join(f"{text}\r\n" for text in texts).encode()
        if self._orders.delay_seconds:
            loop = asyncio.get_running_loop()
            loop.call_later(self._orders.delay_seconds, self._transport.write, data)
        else:
            self._said += data

    def _flush(self) -> None:
        if self._said:
            self._transport.write(bytes(self._said))
            self._said.clear()

    def _hang_up(self) -> None:
        self._flush()
        self._transport.close()

    def _drip(self) -> None:
        if not self._transport.is_closing():
            self._said += b"250-"
            self._flush()
            self._mute = True
            asyncio.get_running_loop().call_later(_DRIP_SECONDS, self._drip)


class Sink:
    """The listening side, which can go away and come back on the same port."""

    def __init__(self, orders: Orders, port: int) -> None:
        self._orders, self.port = orders, port
        self._server: asyncio.Server | None = None

    async def obey(self, order: str, value: str) -> None:
        """Carry out one order."""
        match order:
            case "open":
                await self._listen()
            case "close":
                await self._leave()
            case "delay":
                self._orders.delay_seconds = float(value)
            case "features":
                self._orders.features = value.split(",") if value else ["HELP"]
            case "greet":
                self._orders.greeting = value
            case "reset":
                self._reset()

    async def _listen(self) -> None:
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(
                lambda: Conversation(self._orders), "127.0.0.1", self.port, backlog=512
            )
            self.port = self._server.sockets[0].getsockname()[1]

    async def _leave(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
            self._reset()
            await asyncio.sleep(0)

    def _reset(self) -> None:
        for each in list(self._orders.open):
            each.abort()


async def serve(log: Path, port: int) -> None:
    """Serve until the standard input ends."""
    sink = Sink(Orders(log), port)
    await sink.obey("open", "")
    _tell(str(sink.port))
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        order, _, value = line.decode().strip().partition(" ")
        await sink.obey(order, value)
        _tell("ok")


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
