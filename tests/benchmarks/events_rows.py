"""The rows of what comes back: reports folded and counted, people told from machines."""

from collections.abc import Callable, Iterator

from tests.benchmarks.copy import copy
from tests.benchmarks.table import Measured, median
from tests.briefing.tracking import telling

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


def people() -> Iterator[Measured]:
    """How well the rules tell people from machines, over requests whose makers are known."""
    told = telling.measure()
    note = f"{told.requests} labelled requests; machines caught {told.machines_caught:.3f}"
    yield Measured("people told from machines: precision", told.precision, "", 0.95, 1.0, note=note)
    yield Measured("people told from machines: recall", told.recall, "", 0.93, 1.0)


ROWS: dict[str, Callable[[], Iterator[Measured]]] = {"events": events, "people": people}
