"""The rows of the reports: every screen opened at 1,000,000 deliveries and 3,000,000 events."""

from collections.abc import Callable, Iterator

from tests.benchmarks.copy import copy
from tests.benchmarks.table import Measured, median

_READERS = 1_000_000


def reports() -> Iterator[Measured]:
    """Take the slowest of the screens, by the median of its openings; all of them stand beside it."""
    with copy("postgresql", readers=_READERS) as made:
        run = made.run("screens", _READERS, ALLOWED_HOSTS="127.0.0.1")
    medians = {name: median(times) * 1000 for name, times in run.items()}
    slowest = max(medians, key=lambda name: medians[name])
    yield Measured(
        "slowest report at 1,000,000 deliveries and 3,000,000 events, PostgreSQL",
        medians[slowest],
        "ms",
        300,
        100,
        higher_is_better=False,
        samples=[each * 1000 for each in run[slowest]],
        note="; ".join(f"{name} {value:.0f}" for name, value in medians.items()),
    )


ROWS: dict[str, Callable[[], Iterator[Measured]]] = {"reports": reports}
