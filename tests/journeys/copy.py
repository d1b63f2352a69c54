"""A running copy for the journeys: `manage.py up` in a folder of its own, with every real part."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NEWSLETTER = "the-robotics-briefing"
READERS = 3
_UP = [sys.executable, "manage.py", "up", "--readers", str(READERS)]
_START_SECONDS = 600
_STOP_SECONDS = 120
_COMMAND_SECONDS = 300

# Both commands in one process: most of its time it reads the code.
_NEXT_ISSUE = f"""
import io
from django.core.management import call_command
told = io.StringIO()
call_command("compose", "{NEWSLETTER}", "--articles", "2", "--subject", "{{subject}}", stdout=told)
name, number = told.getvalue().partition(":")[0].split()
assert name == "{NEWSLETTER}", told.getvalue()
call_command("dispatch", name, number, "--wait")
"""

# What the copy tells last: from the site's address to the subject of issue 1 and an empty line.
_SUMMARY = re.compile(r"Site\s+(http://\S+?)/\s.*”\s*\n\s*\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Copy:
    """One running copy: where its site is, and its command line."""

    folder: Path
    url: str
    # What `up` has told so far, and its process.
    told: str
    process: subprocess.Popen[bytes]
    # Messages a second, as the setting RATES has it.
    rates: str

    def up_once(self) -> "subprocess.CompletedProcess[str]":
        """Run `up --once` in the copy's folder, as somebody in another terminal would."""
        return subprocess.run(
            [*_UP, "--once"],
            cwd=ROOT,
            env=_environment(self.folder, self.rates),
            capture_output=True,
            text=True,
            timeout=_START_SECONDS,
            check=False,
        )

    def manage(self, *arguments: str) -> str:
        """Run a command of `manage.py` on this copy and return what it says."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=_environment(self.folder, self.rates),
            capture_output=True,
            text=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{arguments} ended with {done.returncode}: {done.stderr}"
        return done.stdout

    def dispatch_next_issue(self, subject: str) -> None:
        """Compose the next two articles into an issue, and return when everybody has it."""
        self.manage("shell", "--no-imports", "--command", _NEXT_ISSUE.format(subject=subject))


@contextmanager
def running(*, rates: str = "") -> Iterator[Copy]:
    """Start a copy, yield it when issue 1 has gone out, and stop it as Ctrl-C does."""
    with tempfile.TemporaryDirectory(prefix="briefing-copy-") as name:
        folder = Path(name)
        told = folder / "told"
        with told.open("wb") as output:
            process = subprocess.Popen(
                _UP,
                cwd=ROOT,
                env=_environment(folder, rates),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            url = _wait(process, told)
            yield Copy(folder, url, told.read_text("utf-8"), process, rates)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(_STOP_SECONDS)


@contextmanager
def address(of_running: str | None) -> Iterator[str]:
    """Yield the site's address of a copy that runs already, or else of one that is started for this."""
    if of_running:
        yield of_running.rstrip("/")
        return
    with running() as copy:
        yield copy.url


def _environment(folder: Path, rates: str) -> dict[str, str]:
    """Return the environment of somebody who has set no more; the tests' own must not leak in."""
    kept = ("HOME", "LANG", "PATH", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "LOCAL_DIR": str(folder),
        "COLUMNS": "120",
        "RATES": rates,
        # Long enough to be called back on a busy machine, and not as long as people are given.
        "UNDO_SECONDS": "15",
    }


def _wait(process: subprocess.Popen[bytes], told: Path) -> str:
    """Return the site's address once the copy has told it, which it does last of all."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        # To the end: it is written line by line, and the login stands behind the site's address.
        if found := _SUMMARY.search(told.read_text("utf-8")):
            return found[1]
        time.sleep(0.2)  # another process writes it
    raise AssertionError(f"the copy did not start: {told.read_text('utf-8')}")
