"""Runs faults, each in a process and a folder of its own, three at a time where they may.

Most of a fault's time is waiting: for a lease, for an answer that never comes. One thread looks after
all of them, because what a thread starts here dies with that thread.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.faults.databases import Templates
from tests.faults.programs import free_port
from tests.faults.table import Fault, Line, Measured

_AT_ONCE = 3
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Trial:
    """What all faults share: databases to copy, settings, arguments, how much longer each may take."""

    templates: Templates
    settings: Mapping[str, str]
    arguments: Sequence[str]
    patience: int


@dataclass(slots=True)
class Running:
    """A fault that is being tried. What its process says lies in its folder until it is over."""

    fault: Fault
    seconds: float
    _folder: Path
    _stack: ExitStack
    _process: "subprocess.Popen[bytes]"
    _began: float = field(default_factory=time.monotonic)
    _heard: int = 0

    @classmethod
    def begin(cls, fault: Fault, trial: Trial) -> Self:
        """Start it with a database, a broker's port and settings of its own."""
        stack = ExitStack()
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix=f"fault-{fault.name}-"))
        )
        # Made before the clock starts: the first fault of a database would pay for all of them.
        own = {
            "DATABASE_URL": trial.templates.copy(fault.database, folder, stack),
            "LOCAL_DIR": str(folder),
            "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        }
        row = ["-m", "tests.faults.row", fault.run.__module__, fault.name]
        command = [sys.executable, *row, *trial.arguments]
        with (
            (folder / "said").open("wb") as said,
            (folder / "errors").open("wb") as errors,
        ):
            process = subprocess.Popen(
                command,
                env={**os.environ, **trial.settings, **own},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=errors,
                start_new_session=True,
            )
        return cls(fault, fault.seconds * trial.patience, folder, stack, process)

    def news(self) -> list[str]:
        """Return how far it says it is, since this was last asked."""
        told = self._words("told")
        new, self._heard = told[self._heard :], len(told)
        return new

    def is_over(self) -> bool:
        """Whether it ended, or has had all the time there is."""
        return self._process.poll() is not None or self._took() > self.seconds

    def end(self) -> Line:
        """Return what was measured; one that hangs or fell over is broken, and ended."""
        took, code = self._took(), self._process.poll()
        self.kill()
        measured = self._measured(code)
        if measured.broken:
            measured.broken += self._words("workers.log")[-12:]
        self._stack.close()
        return Line(self.fault, measured, took)

    def kill(self) -> None:
        """End its process; everything that it started is tied to it."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _measured(self, code: int | None) -> Measured:
        errors = "\n".join(self._words("errors"))[-3000:]
        if code is None:
            return Measured(broken=[f"still running after {self.seconds:.0f} s", errors])
        if code:
            return Measured(broken=[f"the test itself fell over: {errors}"])
        return Measured.from_json(self._words("said")[-1])

    def _words(self, name: str) -> list[str]:
        """Return a file's lines, for whoever has to find out why."""
        path = self._folder / name
        return path.read_text("utf-8", "replace").splitlines() if path.exists() else []

    def _took(self) -> float:
        return time.monotonic() - self._began


def run(
    faults: Sequence[Fault],
    trial: Trial,
    *,
    tell: Callable[[Line], None],
    hear: Callable[[Fault, str], None],
) -> list[Line]:
    """Try all faults and return their lines in order; `hear` what those say that take long.

    Those that want the machine for themselves come last; of the others the longest come first.
    """
    waiting = sorted(faults, key=lambda each: (each.alone, -each.seconds))
    running: list[Running] = []
    lines: dict[str, Line] = {}
    try:
        while waiting or running:
            while waiting and _has_room(running, waiting[0]):
                running.append(Running.begin(waiting.pop(0), trial))
            time.sleep(_LOOK_SECONDS)  # other processes work
            for each in running:
                for news in each.news():
                    hear(each.fault, news)
            for each in [each for each in running if each.is_over()]:
                running.remove(each)
                line = lines[each.fault.name] = each.end()
                tell(line)
    finally:
        for each in running:
            each.end()
    return [lines[fault.name] for fault in faults]


def _has_room(running: Sequence[Running], coming: Fault) -> bool:
    if not running:
        return True
    return len(running) < _AT_ONCE and not coming.alone and not running[0].fault.alone
