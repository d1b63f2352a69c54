"""Opens SMTP connections beside the thread that uses them: a slow handshake holds no copy up."""

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple

from briefing.transports.base import TransportDownError
from briefing.transports.smtp.offer import Offer


class Connection(NamedTuple):
    """A socket that is ready for MAIL, and what the server offered on it."""

    sock: socket.socket
    offer: Offer


class Dialler:
    """Runs `connect`, which must end by itself, in threads. `bell` is readable when one is done."""

    def __init__(self, connect: Callable[[], Connection], *, at_once: int) -> None:
        self.at_once = at_once
        self._connect = connect
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="smtp-dial")
        self._dialling: set[Future[Connection]] = set()
        self._closed = False
        self.bell, self._ringer = socket.socketpair()
        self.bell.settimeout(0)

    @property
    def pending(self) -> int:
        """How many connections are being opened or wait to be taken."""
        return len(self._dialling)

    def dial(self) -> None:
        """Begin to open one more connection."""
        future = self._pool.submit(self._connect)
        self._dialling.add(future)
        future.add_done_callback(self._ring)

    def opened(self) -> Iterator[Connection | TransportDownError]:
        """Yield what has come of dialling since the last call."""
        with suppress(BlockingIOError):
            self.bell.recv(4096)
        for future in [each for each in self._dialling if each.done()]:
            self._dialling.remove(future)
            error = future.exception()
            if error is None:
                yield future.result()
            elif isinstance(error, TransportDownError):
                yield error
            else:
                raise error

    def close(self) -> None:
        """Hang up on whatever is still to come; nothing is waited for."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        for future in self._dialling:
            if future.done():
                _hang_up(future)
        self._dialling.clear()
        self.bell.close()
        self._ringer.close()

    def _ring(self, future: Future[Connection]) -> None:
        """Tell the session; this runs in the thread that dialled."""
        if self._closed:
            _hang_up(future)
        else:
            with suppress(OSError):
                self._ringer.send(b"\0")


def _hang_up(future: Future[Connection]) -> None:
    if not future.cancelled() and not future.exception():
        future.result().sock.close()
