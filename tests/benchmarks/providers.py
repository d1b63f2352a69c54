"""Providers that take everything, in a process of their own: what the sender costs is what is left.

They answer as documented, with a line for each message where the provider gives one, and read a
request no further than to count its messages. What they say is tested in
tests/briefing/transports/anymail/.
"""

import json
import multiprocessing
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

_ID = "0a129aee-e1cd-480d-b08d-4f48548ff48d"


def _postmark(body: bytes) -> bytes:
    line = (
        b'{"ErrorCode":0,"Message":"OK","MessageID":"%s","To":"reader@example.com",'
        b'"SubmittedAt":"2026-11-24T12:00:00.1234567-05:00"}' % _ID.encode()
    )
    return b"[" + b",".join([line] * body.count(b'"To": ')) + b"]"


def _mailgun(body: bytes) -> bytes:
    return (
        b'{"id":"<20261124120000.1.%s@example.com>","message":"Queued. Thank you."}' % _ID.encode()
    )


def _mailtrap(body: bytes) -> bytes:
    return json.dumps({"success": True, "message_ids": [_ID]}).encode()


_ANSWERS: dict[str, Callable[[bytes], bytes]] = {
    "/email/batch": _postmark,
    "/v3/news.example/messages": _mailgun,
    "/api/send": _mailtrap,
}


@contextmanager
def taking_everything() -> Iterator[str]:
    """Run the providers; yields the address they share."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_listen, args=(theirs,), daemon=True
    )
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def _listen(parent: Connection) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    parent.send(listener.getsockname()[1])
    while True:
        connection, _peer = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_serve, args=(connection,), daemon=True).start()


def _serve(connection: socket.socket) -> None:
    """Answer requests one after another, as long as the connection stays open."""
    stream = connection.makefile("rb", buffering=65536)
    while request := stream.readline():
        length = 0
        while (line := stream.readline()) not in {b"\r\n", b""}:
            if line[:15].lower() == b"content-length:":
                length = int(line[15:])
        answer = _ANSWERS[request.split()[1].decode()](stream.read(length))
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (len(answer), answer)
        )
