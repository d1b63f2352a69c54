"""Fixtures for the demo's tests: a real sink in its own process."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_DEADLINE_SECONDS = 15


@dataclass(frozen=True, slots=True)
class RunningSink:
    """A sink that answers, and where its mail goes."""

    process: subprocess.Popen[str]
    port: int
    file: Path

    def connect(self) -> socket.socket:
        """Open a connection and read the greeting and the answer to EHLO."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=_DEADLINE_SECONDS)
        try:
            _greet(connection)
        except OSError:
            connection.close()
            raise
        return connection


def _greet(connection: socket.socket) -> None:
    """Say EHLO and read its answer, so that what follows reads answers to its own commands.

    Raises: ConnectionError when the sink is gone.
    """
    connection.sendall(b"EHLO tests.example\r\n")
    answer = b""
    while not re.search(rb"^250 [^\r]*\r\n", answer, re.MULTILINE):
        received = connection.recv(4096)
        if not received:
            raise ConnectionResetError
        answer += received


def _wait_until_listening(log: Path) -> int:
    """Return the port that the sink chose, as soon as its log tells it."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if found := re.search(r"sink\.listening port=(\d+)", log.read_text("utf-8")):
            return int(found[1])
        time.sleep(0.02)  # another process begins to listen
    raise AssertionError(f"the sink did not start: {log.read_text('utf-8')}")


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[RunningSink]:
    """Run a sink on a port of its own choice; end it afterwards."""
    file, log = tmp_path / "mail.sqlite3", tmp_path / "sink.log"
    command = [sys.executable, "-m", "briefing.demo.sink", "--port", "0", "--file", str(file)]
    with log.open("w") as stream:
        process = subprocess.Popen(command, stderr=stream, text=True, env=os.environ)
    try:
        yield RunningSink(process=process, port=_wait_until_listening(log), file=file)
    finally:
        process.kill()
        process.wait()
