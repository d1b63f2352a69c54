"""Starts the receiving side of a measurement, and Postfix's own sender as the reference."""

import os
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import cast

_POSTFIX = "/usr/sbin:/usr/lib/postfix/sbin:/usr/libexec/postfix"


def postfix_program(name: str) -> str | None:
    """Return the path of `smtp-sink` or `smtp-source`, or None where Postfix is not installed."""
    return shutil.which(name, path=_POSTFIX)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return int(holder.getsockname()[1])


@contextmanager
def cheap_sink(*, delay_ms: float = 0) -> Iterator[int]:
    """Run the cheap sink in a process of its own; yields its port."""
    port = free_port()
    command = [sys.executable, "-m", "tests.benchmarks.cheapsink", str(port), str(delay_ms)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait()


@contextmanager
def smtp_sink() -> Iterator[int]:
    """Run Postfix's smtp-sink; yields its port."""
    program = postfix_program("smtp-sink")
    if program is None:
        raise RuntimeError("smtp-sink is missing: install Debian's package postfix")
    port = free_port()
    # It refuses to serve as root.
    account = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen(
        [program, *account, "-c", f"127.0.0.1:{port}", "1000"], stdout=subprocess.DEVNULL
    )
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def smtp_source_rate(port: int, *, messages: int, bytes_each: int, sessions: int = 20) -> float:
    """Return how many messages a second Postfix's smtp-source hands over."""
    program = postfix_program("smtp-source")
    if program is None:
        raise RuntimeError("smtp-source is missing: install Debian's package postfix")
    started = time.monotonic()
    subprocess.run(
        [
            program,
            *("-s", str(sessions), "-m", str(messages), "-l", str(bytes_each)),
            *("-f", "from@source.example", "-t", "to@sink.example"),
            f"127.0.0.1:{port}",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return messages / (time.monotonic() - started)


def round_trip_seconds(port: int, *, sockets: int, times: int = 50) -> float:
    """Return what an answer takes by the mean, over so many connections that ask and do nothing else."""
    trips: list[float] = []
    asked_at: dict[socket.socket, float] = {}
    with selectors.DefaultSelector() as selector, ExitStack() as open_ones:
        for _ in range(sockets):
            each = open_ones.enter_context(socket.create_connection(("127.0.0.1", port)))
            each.recv(100)
            selector.register(each, selectors.EVENT_READ)
            asked_at[each] = time.monotonic()
            each.sendall(b"NOOP\r\n")
        while len(trips) < sockets * times:
            for key, _events in selector.select():
                each = cast(socket.socket, key.fileobj)
                each.recv(100)
                trips.append(time.monotonic() - asked_at[each])
                asked_at[each] = time.monotonic()
                each.sendall(b"NOOP\r\n")
    return statistics.mean(trips)


def _wait(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)  # another process begins to listen
        else:
            return
    raise RuntimeError(f"nothing listens on {port}")
