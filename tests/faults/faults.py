"""Every fault, in the order of the table."""

from tests.faults import ready  # noqa: F401  first, because the others need Django
from tests.faults.registry import FAULTS
from tests.faults.rows import kills  # noqa: F401  its faults enter themselves

__all__ = ["FAULTS"]
