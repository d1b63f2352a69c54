"""Starts the receiving side of a measurement, and Postfix's own sender as the reference."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

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
