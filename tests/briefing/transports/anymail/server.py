"""A provider's API on loopback: real sockets, answers by script, and a memory of every request."""

import json
import os
import socket
import ssl
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it arrived. `connection` counts the connections the server has seen."""

    path: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> Any:
        """The body's JSON."""
        return json.loads(self.body)


class Behaviour(Protocol):
    """What the server does with one request."""

    def act(self, connection: socket.socket, read_body: Callable[[], bytes]) -> None:
        """Take the request and answer it, or not."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; what is not bytes goes as JSON."""

    status: int
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)

    def act(self, connection: socket.socket, read_body: Callable[[], bytes]) -> None:
        read_body()
        connection.sendall(self.raw())

    def raw(self) -> bytes:
        """Return the answer as it goes over the wire."""
        is_json = not isinstance(self.body, bytes)
        body = json.dumps(self.body).encode() if is_json else self.body
        kind = "application/json" if is_json else "text/html"
        lines = {"Content-Type": kind, "Content-Length": str(len(body))} | self.headers
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"HTTP/1.1 {self.status} Said\r\n{head}\r\n".encode() + body


@dataclass(frozen=True, slots=True)
class Reset:
    """Break the connection, before the body is read or after it."""

    after_body: bool

    def act(self, connection: socket.socket, read_body: Callable[[], bytes]) -> None:
        if self.after_body:
            read_body()
        # Lingering for no time at all makes close() send a reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Detached, because the file that reads from it would keep it open.
        socket.close(connection.detach())


@dataclass(frozen=True, slots=True)
class Garbled:
    """Take the request over TLS and answer with what is no TLS."""

    def act(self, connection: socket.socket, read_body: Callable[[], bytes]) -> None:
        read_body()
        with socket.socket(fileno=os.dup(connection.fileno())) as beneath:
            beneath.sendall(b"HTTP/1.1 200 OK\r\n\r\n")


@dataclass(frozen=True, slots=True)
class Late:
    """Read everything, let time pass, and answer."""

    seconds: float
    response: Response

    def act(self, connection: socket.socket, read_body: Callable[[], bytes]) -> None:
        read_body()
        time.sleep(self.seconds)  # a provider that hangs
        connection.sendall(self.response.raw())


@dataclass(frozen=True, slots=True)
class Hang:
    """Read everything and say nothing, or say it byte by byte."""

    seconds: float
    drip: bytes = b""

    def act(self, connection: socket.socket, read_body: Callable[[], bytes]) -> None:
        read_body()
        ends_at = time.monotonic() + self.seconds
        drops = iter(self.drip)
        while time.monotonic() < ends_at:
            time.sleep(0.02)  # a provider that drips
            for drop in drops:
                connection.sendall(bytes((drop,)))
                break


class Api:
    """The server: each request meets the next behaviour of `script`, else the usual answer."""

    def __init__(
        self, answer: Callable[[Request], Response], *, tls: ssl.SSLContext | None = None
    ) -> None:
        self.answer = answer
        self._tls = tls
        self.script: deque[Behaviour] = deque()
        self.requests: list[Request] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """Stop listening and let go of every connection."""
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(timeout=5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _peer = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            serving = threading.Thread(
                target=self._serve, args=(connection, self.connections), daemon=True
            )
            self._threads.append(serving)
            serving.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with (
            suppress(OSError, ValueError),
            self._secured(connection) as secured,
            secured.makefile("rb") as stream,
        ):
            while line := stream.readline():
                self._take(line.decode().split()[1], stream, secured, number)

    def _secured(self, connection: socket.socket) -> socket.socket:
        return self._tls.wrap_socket(connection, server_side=True) if self._tls else connection

    def _take(self, path: str, stream: BinaryIO, connection: socket.socket, number: int) -> None:
        headers = dict(_headers(stream))
        bodies: list[bytes] = []

        def read_body() -> bytes:
            bodies.append(stream.read(int(headers.get("content-length", 0))))
            self.requests.append(Request(path, headers, bodies[0], number))
            return bodies[0]

        if self.script:
            self.script.popleft().act(connection, read_body)
        else:
            read_body()
            connection.sendall(self.answer(self.requests[-1]).raw())


def _headers(stream: BinaryIO) -> Iterator[tuple[str, str]]:
    while line := stream.readline().decode().strip():
        name, _, value = line.partition(":")
        yield name.lower(), value.strip()


@contextmanager
def api(
    answer: Callable[[Request], Response], *, tls: ssl.SSLContext | None = None
) -> Iterator[Api]:
    """Run a provider's API for the length of a block."""
    server = Api(answer, tls=tls)
    try:
        yield server
    finally:
        server.close()
