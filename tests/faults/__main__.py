"""`python -m tests.faults` breaks things one after the other and prints one table: `make chaos`.

Ends with 0 when everything held, 1 when something did not, 2 when a name is not a fault's.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

# Gives this process, and each fault's, keys and settings of a copy that reaches nobody.
import tests.environment
from tests.faults.databases import Templates
from tests.faults.faults import FAULTS
from tests.faults.table import Fault, Line, Measured, show, write_document

_GUARANTEES = Path(__file__).resolve().parents[2] / "docs" / "guarantees.md"
# Leases of three seconds show in minutes what production's ninety would take an hour for.
_QUICK = {
    "LEASE_SECONDS": "3",
    "EMAIL_TIMEOUT": "1",
    "GROUP_SIZE": "40",
    "BATCH_SIZE": "120",
    "SMTP_SOCKETS": "4",
    "LOG_LEVEL": "WARNING",
}
_LONG = {"LOG_LEVEL": "WARNING"}


def main(arguments: list[str]) -> int:
    """Run the faults that were asked for."""
    asked = _parser().parse_args(arguments)
    if asked.list:
        for each in FAULTS.values():
            sys.stdout.write(f"{each.name:28}{each.what}\n")
        return 0
    if asked.only and asked.only not in FAULTS:
        sys.stderr.write(f"No fault is named {asked.only}; `--list` names them.\n")
        return 2
    wanted = [
        each
        for each in FAULTS.values()
        if each.name == asked.only or (not asked.only and (asked.long or not each.only_long))
    ]
    # Held so far so that nobody listens there; a fault's own broker will.
    tests.environment.broker_port.close()
    lines: list[Line] = []
    with ExitStack() as stack:
        templates = Templates(stack)
        for each in wanted:
            line = _run(each, templates, is_long=asked.long)
            lines.append(line)
            verdict = "ok" if line.held else "FAILED"
            sys.stderr.write(f"{verdict:8}{each.name:28}{line.took_seconds:6.1f} s\n")
    show(lines)
    if asked.write:
        cores = os.cpu_count() or 1
        write_document(lines, _GUARANTEES, at=datetime.now(UTC), cores=cores)
    return 0 if all(line.held for line in lines) else 1


def _run(fault: Fault, templates: Templates, *, is_long: bool) -> Line:
    """Run one fault in a process and a folder of its own."""
    # Made before the clock starts: the first fault of a database would pay for all of them.
    with tempfile.TemporaryDirectory(prefix=f"fault-{fault.name}-") as folder:
        url = templates.copy(fault.database, Path(folder))
        settings = (_LONG if is_long else _QUICK) | {"DATABASE_URL": url, "LOCAL_DIR": folder}
        command = [sys.executable, "-m", "tests.faults.row", fault.name]
        began = time.monotonic()
        process = subprocess.Popen(
            command + (["--long"] if is_long else []),
            env=os.environ | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        seconds = fault.seconds * (60 if is_long else 1)
        measured = _measured(process, seconds)
        if measured.broken:
            measured.broken += _last_words(Path(folder))
        return Line(fault, measured, time.monotonic() - began)


def _measured(process: "subprocess.Popen[str]", seconds: float) -> Measured:
    """Wait for a fault's figures; one that hangs or falls over is broken, and ended."""
    try:
        out, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        _out, errors = process.communicate()
        return Measured(broken=[f"still running after {seconds:.0f} s", errors[-2000:]])
    if process.returncode:
        return Measured(broken=[f"the test itself fell over: {errors[-3000:]}"])
    return Measured.from_json(out.splitlines()[-1])


def _last_words(folder: Path) -> list[str]:
    """Return the end of what the workers wrote, for whoever has to find out why."""
    log = folder / "workers.log"
    return log.read_text("utf-8", "replace").splitlines()[-12:] if log.exists() else []


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--only", metavar="NAME", help="run one fault")
    parser.add_argument("--list", action="store_true", help="name the faults")
    parser.add_argument(
        "--long", action="store_true", help="production's leases, and a million readers"
    )
    parser.add_argument(
        "--write", action="store_true", help="write the table into docs/guarantees.md"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
