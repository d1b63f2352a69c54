"""The language in which each test begins."""

from collections.abc import Iterator

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def _speaks_as_it_began() -> Iterator[None]:
    """Take back the language that the test's last request left its thread in, as Django leaves it."""
    yield
    translation.deactivate()
