"""The rows of the audience: inventing a million readers, and counting who gets the next issue."""

import time
from collections.abc import Callable, Iterator

from tests.benchmarks import serving
from tests.benchmarks.copy import copy
from tests.benchmarks.table import Measured, median

_READERS = 1_000_000
_REPEATS = 5


def audience() -> Iterator[Measured]:
    """Fill a copy by `manage.py make_readers`, then count as the send screen does."""
    with copy("postgresql", readers=0) as made:
        serving.manage(made, "migrate", "--verbosity", "0")
        serving.manage(made, "import_articles", "seeds")
        started = time.monotonic()
        serving.manage(made, "make_readers", str(_READERS))
        filling = time.monotonic() - started
        run = made.run("counted", _REPEATS)
    assert run["candidates"] == _READERS, run
    yield Measured(
        "audience counted with every reason at 1,000,000 readers, PostgreSQL",
        median(run["seconds"]) * 1000,
        "ms",
        1000,
        500,
        higher_is_better=False,
        samples=[each * 1000 for each in run["seconds"]],
        note=f"(what differs between them: {run['combinations_seconds'] * 1000:,.0f} ms)",
    )
    yield Measured(
        "make_readers 1,000,000, PostgreSQL",
        filling,
        "s",
        90,
        60,
        higher_is_better=False,
        note="with their consent records",
    )


ROWS: dict[str, Callable[[], Iterator[Measured]]] = {"audience": audience}
