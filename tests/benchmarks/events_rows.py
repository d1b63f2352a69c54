"""The rows of what comes back: reports folded and counted, people told from machines."""

from collections.abc import Callable, Iterator

from tests.benchmarks.copy import copy
from tests.benchmarks.table import Measured, median
from tests.briefing.tracking import telling

_READERS = 40_000
_REPEATS = 5


def events() -> Iterator[Measured]:
    """Reports a second: a post of 500 to a statement, kept and then folded by one process."""
    with copy("postgresql", readers=_READERS) as made:
        runs, bare, at_once = [], [], []
        for _ in range(_REPEATS):
            runs.append(made.run("events", _READERS))
            bare.append(made.run("bare"))
            at_once.append(made.run("events_at_once", _READERS))
    assert all(run["complete"] for run in runs + at_once), runs
    rates, rows, both = (
        [float(run["per_second"]) for run in each] for each in (runs, bare, at_once)
    )
    ratio = median([ours / theirs for ours, theirs in zip(rates, rows, strict=True)])
    yield Measured(
        "webhook events deduplicated, folded and counted, PostgreSQL",
        median(rates),
        "/s",
        30_000,
        100_000,
        reference=f"their bare rows {median(rows):,.0f}/s: {ratio:.2f} x",
        samples=rates,
        note=(
            f"(kept {runs[0]['kept_us']:.0f} us, folded {runs[0]['folded_us']:.0f} us each; "
            f"{median(both):,.0f}/s where one process keeps while another folds)"
        ),
    )


def people() -> Iterator[Measured]:
    """How well the rules tell people from machines, over requests whose makers are known."""
    told = telling.measure()
    note = f"{told.requests} labelled requests; machines caught {told.machines_caught:.3f}"
    yield Measured("people told from machines: precision", told.precision, "", 0.95, 1.0, note=note)
    yield Measured("people told from machines: recall", told.recall, "", 0.93, 1.0)


ROWS: dict[str, Callable[[], Iterator[Measured]]] = {"events": events, "people": people}
