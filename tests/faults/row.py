"""Runs one fault in this process, whose environment is the copy's: `python -m tests.faults.row NAME`.

With `--long READERS` it takes production's numbers. The last line it prints is what was measured, as
JSON.
"""

import sys
import traceback

from tests.faults.faults import FAULTS
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
    readers = int(sys.argv[3]) if "--long" in sys.argv else 0
    measured = measure(FAULTS[sys.argv[1]], readers=readers)
    sys.stdout.write(f"{measured.as_json()}\n")
