"""The rows of the desk: reports, lists and a file at 1,000,000 deliveries and 3,000,000 events."""

from collections.abc import Callable, Iterator

from tests.benchmarks.copy import copy
from tests.benchmarks.table import Measured, median

_READERS = 1_000_000


def reports() -> Iterator[Measured]:
    """Take the slowest of the screens, by the median of its openings; all of them stand beside it."""
    with copy("postgresql", readers=_READERS) as made:
        run = made.run("screens", _READERS, ALLOWED_HOSTS="127.0.0.1")
    events = f"{_READERS:,} deliveries and {3 * _READERS:,} events"
    yield _slowest(f"slowest report at {events}, PostgreSQL", run["reports"])
    yield _slowest(
        f"slowest list or search of the desk at {_READERS:,} readers, PostgreSQL", run["lists"]
    )
    yield Measured(
        f"{_READERS:,} deliveries as CSV from the desk, PostgreSQL",
        _READERS / run["csv_seconds"],
        "rows/s",
        500_000,
        1_000_000,
        note=f"({run['csv_seconds']:.1f} s)",
    )


def _slowest(name: str, screens: dict[str, list[float]]) -> Measured:
    medians = {screen: median(times) * 1000 for screen, times in screens.items()}
    slowest = max(medians, key=lambda screen: medians[screen])
    return Measured(
        name,
        medians[slowest],
        "ms",
        300,
        100,
        higher_is_better=False,
        samples=[each * 1000 for each in screens[slowest]],
        note="; ".join(f"{screen} {value:.0f}" for screen, value in medians.items()),
    )


ROWS: dict[str, Callable[[], Iterator[Measured]]] = {"reports": reports}
