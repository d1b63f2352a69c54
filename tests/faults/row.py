"""Runs one fault in this process, whose environment is the copy's.

`python -m tests.faults.row tests.faults.rows.kills random-kills` loads that module and no other
fault's: what all of them need takes as long to load as a small one takes to run. With
`--long READERS` it takes production's numbers. The last line it prints is what was measured, as JSON.
"""

import importlib
import sys
import traceback

from tests.faults import ready, registry  # noqa: F401  ready first: the others need Django
from tests.faults.table import Fault, Measured
from tests.faults.world import TooLongError, World


def measure(fault: Fault, *, readers: int) -> Measured:
    """Run a fault; whatever stops it is what was broken."""
    with World.open(readers=readers) as world:
        try:
            return fault.run(world)
        except TooLongError as error:
            where = traceback.extract_tb(error.__traceback__)
            line = next(frame.line for frame in where if "/rows/" in frame.filename)
            return Measured(broken=[f"{error}: {line}"])


if __name__ == "__main__":
    module, name, *more = sys.argv[1:]
    importlib.import_module(module)
    measured = measure(registry.FAULTS[name], readers=int(more[1]) if "--long" in more else 0)
    sys.stdout.write(f"{measured.as_json()}\n")
