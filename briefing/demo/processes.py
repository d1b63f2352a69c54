"""The processes of a running copy: started together, restarted when one dies, ended together.

Each has a process group of its own, is told to end when the supervisor dies, and is written down in
a file, so that the next start can clear whatever a `kill -9` left behind.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from briefing.demo import groups

# prctl(2): the signal that the kernel sends when the parent dies, however it dies.
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_HANDLED = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}

# A process whose first run was shorter cannot run here; a later death was an accident.
_RAN_SECONDS = 5.0
_MOST_RESTARTS = 5
_GRACE_SECONDS = 10.0


class ProcessDiedError(Exception):
    """A process ended that should run, and starting it again did not help."""

    def __init__(self, name: str, code: int, log: Path) -> None:
        super().__init__(f"{name} ended with code {code}")
        self.name = name
        self.code = code
        self.log = log


@dataclass(frozen=True, slots=True)
class Service:
    """What to run. `name` is also the log's: .local/logs/NAME.log. `stage` orders the end."""

    name: str
    command: Sequence[str]
    # Lower stages end first: workers before the broker they talk to.
    stage: int = 0


@dataclass(slots=True)
class _Running:
    service: Service
    process: subprocess.Popen[bytes]
    log: Path
    started_at: float
    restarts: int = 0


@dataclass(slots=True)
class Processes:
    """The processes that this supervisor has started."""

    # Where the code is, and where this copy keeps its data and logs.
    root: Path
    folder: Path
    environment: Mapping[str, str]
    # Called with the name of a process that died and was started again.
    on_restart: Callable[[str], None]
    _running: dict[str, _Running] = field(default_factory=dict)
    hurry: bool = False

    def start(self, service: Service) -> None:
        """Start one process; its output goes to a log, the last run's log is kept beside it."""
        logs = self.folder / "logs"
        logs.mkdir(exist_ok=True)
        log = logs / f"{service.name}.log"
        if log.exists() and service.name not in self._running:
            log.replace(log.with_suffix(".log.1"))
        # A signal between fork and the note about it would leave a child that nobody knows.
        held = signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
        try:
            with log.open("ab") as stream:
                process = subprocess.Popen(
                    service.command,
                    cwd=self.root,
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                    env=self.environment,
                    start_new_session=True,
                    preexec_fn=_tie_to(os.getpid(), held),  # noqa: PLW1509  it takes no lock
                )
            self._running[service.name] = _Running(service, process, log, time.monotonic())
            self._note()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)

    def finish(self, name: str) -> None:
        """Wait for a process that ends by itself. Raises: ProcessDiedError unless it ended well."""
        running = self._running[name]
        while (code := running.process.poll()) is None:
            self.check(besides=name)
            time.sleep(0.05)  # another process works
        del self._running[name]
        self._note()
        if code:
            raise ProcessDiedError(name, code, running.log)

    def check(self, *, besides: str = "") -> None:
        """Start again what died. Raises: ProcessDiedError when that has not helped before."""
        for name, running in list(self._running.items()):
            code = running.process.poll()
            if code is None or name == besides:
                continue
            groups.kill(running.process.pid)
            ran_seconds = time.monotonic() - running.started_at
            never_ran = ran_seconds < _RAN_SECONDS and not running.restarts
            if never_ran or running.restarts >= _MOST_RESTARTS:
                raise ProcessDiedError(name, code, running.log)
            self.start(running.service)
            self._running[name].restarts = running.restarts + 1
            self.on_restart(name)

    def stop(self) -> None:
        """End everything, stage by stage; what does not end in time is killed."""
        for stage in sorted({running.service.stage for running in self._running.values()}):
            ending = [each for each in self._running.values() if each.service.stage == stage]
            for running in ending:
                if running.process.poll() is None:
                    running.process.terminate()
            deadline = time.monotonic() + _GRACE_SECONDS
            while any(running.process.poll() is None for running in ending):
                if self.hurry or time.monotonic() > deadline:
                    break
                time.sleep(0.05)  # other processes end
            for running in ending:
                # The group may outlive its leader: a web server's workers, a task in its pool.
                groups.kill(running.process.pid)
                running.process.wait()
                del self._running[running.service.name]
        self._note()

    def _note(self) -> None:
        groups.note(
            self.folder,
            {name: running.process.pid for name, running in self._running.items()},
        )


def _tie_to(parent: int, mask: set[int | signal.Signals]) -> Callable[[], None]:
    """Return what a child does before it becomes its program: end when the parent ends."""

    def tie() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if _LIBC is None:
            return
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        # The parent may have died before the call; nobody would send the signal then.
        if os.getppid() != parent:
            os._exit(1)

    return tie
