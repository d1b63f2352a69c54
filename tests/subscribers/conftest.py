"""Fixtures for tests about people."""

from collections.abc import Iterator

import pytest

from subscribers import ports, throttle
from tests.subscribers.post import Post


@pytest.fixture(autouse=True)
def _limits_start_at_nothing() -> Iterator[None]:
    """Every test is a new day for the signup limits."""
    throttle.forget()
    yield
    throttle.forget()


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    """Take what is handed over instead of a provider."""
    double = Post()
    monkeypatch.setattr(ports, "_publishing", double)
    return double
