"""The rows of lists: brought over with their ledger, and taken along, beside the bare rows."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.benchmarks.copy import copy
from tests.benchmarks.table import Measured, median

_ROWS = 200_000
_REPEATS = 5
_NAMES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}
_IMPORT_BARS = {"postgresql": (25_000, 50_000), "sqlite": (40_000, 80_000)}


def lists() -> Iterator[Measured]:
    """Bring a list of Mailchimp's shape over, and on PostgreSQL take it along."""
    for database in _NAMES:
        with copy(database, readers=0) as made:
            made.run("prepare", 0)
            brought, least = made.run("imported", _ROWS), made.run("bare_import")
            yield from _import(database, brought, least)
            if database == "postgresql":
                yield _export(made.run("exported", _REPEATS))


def _import(database: str, brought: dict[str, Any], least: dict[str, Any]) -> Iterator[Measured]:
    bar, target = _IMPORT_BARS[database]
    name = f"import of {_ROWS:,} rows with subscription and consent record, {_NAMES[database]}"
    yield Measured(
        name,
        _ROWS / brought["seconds"],
        "rows/s",
        bar,
        target,
        reference=f"the same rows into bare tables with their indexes: {_ROWS / least['seconds']:,.0f}",
        note=f"(ratio {least['seconds'] / brought['seconds']:.2f}; "
        f"{brought['cpu_seconds'] / _ROWS * 1e6:.0f} µs of the client's processor a row)",
    )
    yield Measured(
        f"growth of memory, {name}",
        brought["grown_mb"],
        "MB",
        100,
        60,
        higher_is_better=False,
    )


def _export(run: dict[str, Any]) -> Measured:
    samples = [run["rows"] / each for each in run["seconds"]]
    return Measured(
        f"export of {run['rows']:,} readers as CSV, PostgreSQL",
        median(samples),
        "rows/s",
        500_000,
        1_000_000,
        reference=f"read by one bare statement: {run['rows'] / median(run['bare_seconds']):,.0f}",
        samples=samples,
        note=f"({run['cpu_seconds'] / run['rows'] * 1e6:.1f} µs of the client's processor a row)",
    )


ROWS: dict[str, Callable[[], Iterator[Measured]]] = {"lists": lists}
