"""`python -m tests.faults` breaks things, three at a time, and prints one table: `make chaos`.

Ends with 0 when everything held, 1 when something did not, 2 when a name is not a fault's.
"""

import argparse
import os
import signal
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

# Gives this process, and each fault's, keys and settings of a copy that reaches nobody.
import tests.environment
from tests.faults import running
from tests.faults.databases import Templates
from tests.faults.faults import FAULTS
from tests.faults.table import Fault, Line, show, write_document

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
    if strange := [name for name in asked.only if name not in FAULTS]:
        sys.stderr.write(f"No fault is named {', '.join(strange)}; `--list` names them.\n")
        return 2
    wanted = [
        each
        for each in FAULTS.values()
        if each.name in asked.only or (not asked.only and (asked.long or not each.only_long))
    ]
    # Held so far so that nobody listens there; a fault's own broker will.
    tests.environment.broker_port.close()
    began = time.monotonic()
    how = _LONG if asked.long else _QUICK
    with ExitStack() as stack:
        templates = Templates(stack, {each.database for each in wanted})
        more = ["--long", str(asked.readers)] if asked.long else []
        trial = running.Trial(templates, how, more, patience=60 if asked.long else 3)
        lines = running.run(wanted, trial, tell=_tell, hear=_hear)
    took_seconds = time.monotonic() - began
    show(lines)
    sys.stderr.write(f"{len(lines)} faults in {took_seconds:.0f} s\n")
    if asked.write:
        at, cores, name = datetime.now(UTC), os.cpu_count() or 1, "long" if asked.long else "chaos"
        head = f"Measured on {at:%d %B %Y} on {cores} cores, in {took_seconds:.0f} seconds."
        write_document(lines, _GUARANTEES, head, name=name)
    return 0 if all(line.held for line in lines) else 1


def _tell(line: Line) -> None:
    verdict = "ok" if line.held else "FAILED"
    sys.stderr.write(f"{verdict:8}{line.fault.name:28}{line.took_seconds:6.1f} s\n")
    # A run takes minutes: what broke is said at once, its details below the table.
    for broken in line.measured.broken[:1]:
        sys.stderr.write(f"        {broken[-500:]}\n")
    sys.stderr.flush()


def _hear(fault: Fault, news: str) -> None:
    sys.stderr.write(f"        {fault.name}: {news}\n")
    sys.stderr.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--only", metavar="NAME", nargs="+", default=[], help="run these faults")
    parser.add_argument("--list", action="store_true", help="name the faults")
    parser.add_argument(
        "--long", action="store_true", help="production's leases, and a million readers"
    )
    parser.add_argument(
        "--readers", type=int, default=1_000_000, help="how many readers the long run has"
    )
    parser.add_argument(
        "--write", action="store_true", help="write the table into docs/guarantees.md"
    )
    return parser


if __name__ == "__main__":
    # Ended by whoever runs it, it ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))
