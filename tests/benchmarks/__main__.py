"""`make bench`: every figure the project promises, beside its reference in the same run.

Exits 1 when a bar is missed; a missed target is only shown. `--only NAME` runs one group of rows,
`--json` prints the same as JSON, `--write` keeps the table in docs/benchmarks.md.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks import (
    anymail_rows,
    audience_rows,
    engine_rows,
    events_rows,
    hooks_rows,
    screens_rows,
    transfer_rows,
    web_rows,
)
from tests.benchmarks.table import Measured, as_json, show, write_document, yardstick

GROUPS: dict[str, Callable[[], Iterator[Measured]]] = {
    **engine_rows.ROWS,
    **anymail_rows.ROWS,
    **web_rows.ROWS,
    **events_rows.ROWS,
    **hooks_rows.ROWS,
    **audience_rows.ROWS,
    **screens_rows.ROWS,
    **transfer_rows.ROWS,
}


def main() -> int:
    """Measure what was asked for; return the exit code."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=sorted(GROUPS), help="one group (repeat)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--write", action="store_true", help="keep it in docs/benchmarks.md")
    options = parser.parse_args()
    rows: list[Measured] = []
    machine = yardstick()
    for name in options.only or GROUPS:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        rows.extend(GROUPS[name]())
    if options.json:
        print(as_json(rows))
    else:
        show(rows, machine=machine)
    if options.write:
        write_document(rows, Path("docs/benchmarks.md"), at=datetime.now(UTC), machine=machine)
    return 0 if all(row.held for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
