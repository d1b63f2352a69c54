"""The row of what comes back: reports kept once, folded into fates and counted."""

from collections.abc import Callable, Iterator

from tests.benchmarks.copy import copy
from tests.benchmarks.table import Measured, median

_READERS = 40_000
_REPEATS = 5


def events() -> Iterator[Measured]:
    """Reports a second: a post of 500 to a statement, folded by one worker."""
    with copy("postgresql", readers=_READERS) as made:
        runs = [made.run("events", _READERS) for _ in range(_REPEATS)]
    assert all(run["complete"] for run in runs), runs
    rates = [float(run["per_second"]) for run in runs]
    yield Measured(
        "webhook events deduplicated, folded and counted, PostgreSQL",
        median(rates),
        "/s",
        30_000,
        100_000,
        samples=rates,
        note=f"(kept {runs[0]['kept_us']:.0f} us, folded {runs[0]['folded_us']:.0f} us each)",
    )


ROWS: dict[str, Callable[[], Iterator[Measured]]] = {"events": events}
