"""An SMTP sink that costs almost nothing: it shows the sender's limit where others are the wall.

`python -m tests.benchmarks.cheapsink PORT [DELAY_MS]` offers PIPELINING, counts messages, keeps
none, and answers each read after the delay. It stops with its standard input.
"""

import asyncio
import sys
from typing import cast

import uvloop

_END = b"\r\n.\r\n"
_GREETING = b"220 sink ESMTP\r\n"
_FEATURES = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 0\r\n"


class Sink(asyncio.Protocol):
    """One connection: lines until DATA, then bytes until the dot."""

    def __init__(self, delay_seconds: float) -> None:
        self._delay_seconds = delay_seconds
        self._buffer = bytearray()
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(_GREETING)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        out: list[bytes] = []
        while self._step(out):
            pass
        if out:
            self._answer(b"".join(out))

    def _step(self, out: list[bytes]) -> bool:
        """Take one command or one body off the buffer; False when neither is whole yet."""
        if self._in_data:
            end = self._buffer.find(_END)
            if end < 0:
                return False
            del self._buffer[: end + len(_END)]
            self._in_data = False
            out.append(b"250 ok\r\n")
            return True
        end = self._buffer.find(b"\r\n")
        if end < 0:
            return False
        verb = bytes(self._buffer[:4]).upper()
        del self._buffer[: end + 2]
        self._in_data = verb == b"DATA"
        if verb == b"EHLO":
            out.append(_FEATURES)
        elif verb == b"QUIT":
            self._transport.close()
        else:
            out.append(b"354 go\r\n" if self._in_data else b"250 ok\r\n")
        return True

    def _answer(self, data: bytes) -> None:
        if self._delay_seconds:
            loop = asyncio.get_running_loop()
            loop.call_later(self._delay_seconds, self._transport.write, data)
        else:
            self._transport.write(data)


async def serve(port: int, delay_seconds: float) -> None:
    """Serve until the standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Sink(delay_seconds), "127.0.0.1", port)
    ended = asyncio.Event()
    loop.add_reader(sys.stdin, ended.set)
    await ended.wait()
    server.close()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), float(sys.argv[2]) / 1000 if len(sys.argv) > 2 else 0.0))
