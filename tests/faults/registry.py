"""Where each fault is entered: a decorator gives it its row in the table."""

from collections.abc import Callable

from tests.faults.table import Fault, Measured
from tests.faults.world import World

Run = Callable[[World], Measured]

FAULTS: dict[str, Fault] = {}


def fault(
    what: str,
    *,
    must: str,
    database: str = "postgresql",
    seconds: float = 120,
    only_long: bool = False,
    alone: bool = False,
) -> Callable[[Run], Run]:
    """Enter a function as a fault, named like it: `random_kills` is `--only random-kills`."""

    def enter(run: Run) -> Run:
        name = run.__name__.replace("_", "-")
        FAULTS[name] = Fault(name, what, must, database, run, seconds, only_long, alone)
        return run

    return enter
