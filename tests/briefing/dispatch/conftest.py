"""What every test of the engine begins with."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def _no_mark_of_another_test(settings: Settings) -> Iterator[None]:
    """Each test's database begins anew; the mark beside it would call that a restored backup."""
    mark = Path(settings.LOCAL_DIR) / "fence.mark"
    mark.unlink(missing_ok=True)
    yield
    mark.unlink(missing_ok=True)
