"""Fixtures for tests about people."""

import pytest

from subscribers import ports
from tests.subscribers.post import Post


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    """Take what is handed over instead of a provider."""
    double = Post()
    monkeypatch.setattr(ports, "_publishing", double)
    return double
