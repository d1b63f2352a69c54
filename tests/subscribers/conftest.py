"""Fixtures for tests about people."""

from collections.abc import Iterator

import pytest

from subscribers import throttle


@pytest.fixture(autouse=True)
def _limits_start_at_nothing() -> Iterator[None]:
    """Every test is a new day for the signup limits."""
    throttle.forget()
    yield
    throttle.forget()
