"""Workers for a fault test: forked from a process that has everything loaded, so a death costs 10 ms.

A worker is the product's own `manage.py drain --loop`; what is to go wrong in it is prepared
between the fork and the first claim.
"""

import ctypes
import gc
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connections

from briefing.dispatch import breaker, questions
from briefing.management.commands import drain

_PR_SET_PDEATHSIG = 1
_PRODUCTION_LEASE = 90.0


@dataclass(slots=True)
class Worker:
    """One forked process."""

    pid: int
    started_at: float
    ended_at: float | None = None
    status: int | None = None

    def is_running(self) -> bool:
        """Look whether it still runs, and take leave of it when it does not."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status, self.ended_at = status, time.monotonic()
        return self.status is None

    def signal(self, number: int) -> None:
        """Send a signal, if there is anybody to receive it."""
        if self.is_running():
            os.kill(self.pid, number)

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended; returns whether it did in time."""
        until = time.monotonic() + seconds
        while self.is_running():
            if time.monotonic() > until:
                return False
            time.sleep(0.01)  # another process ends
        return True

    def end(self) -> None:
        """Kill it, stopped or not, and wait for the end."""
        self.signal(signal.SIGKILL)
        self.wait(10)


def drain_loop() -> None:
    """Do what `manage.py drain --loop` does."""
    call_command("drain", loop=True)


def fork(
    work: Callable[[], object] = drain_loop, *, prepare: Callable[[], object] | None = None
) -> Worker:
    """Start a worker that prepares, works and ends."""
    # A connection that two processes hold would be closed by the first that ends.
    connections.close_all()
    sys.stdout.flush()
    # What is never collected is never written to, and so never copied into each worker.
    gc.freeze()
    parent, pid = os.getpid(), os.fork()
    if pid:
        return Worker(pid, time.monotonic())
    try:
        _become_worker(parent)
        if prepare:
            prepare()
        work()
    except BaseException:  # noqa: BLE001  nothing of the parent's may run in here
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _become_worker(parent: int) -> None:
    """Die with the parent, log to a file of the copy, and draw random numbers of one's own."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    log = os.open(Path(settings.LOCAL_DIR) / "workers.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    random.seed(os.urandom(16))
    if settings.LEASE_SECONDS < _PRODUCTION_LEASE:
        # Shorter turns: each begins and ends a drain.
        vars(drain)["_TURN_SECONDS"] = 0.6
        # Half a minute is what an open breaker waits at first in production.
        vars(breaker)["_FIRST"] = timedelta(seconds=settings.LEASE_SECONDS)
        # And a provider is asked again after a minute at first, five times; here many a worker dies
        # over asking.
        vars(questions)["WAITS"] = (timedelta(seconds=1),) * 20
