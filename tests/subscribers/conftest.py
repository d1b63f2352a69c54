"""Fixtures for tests about people."""

import pytest

from subscribers import ports
from subscribers.models import SeriesStep
from tests.subscribers import making
from tests.subscribers.post import Post
from tests.subscribers.welcoming import SUBJECTS, lay


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    """Take what is handed over instead of a provider."""
    double = Post()
    monkeypatch.setattr(ports, "_publishing", double)
    return double


@pytest.fixture
def row(db: None, post: Post) -> list[SeriesStep]:
    """Lay out a welcome series of three steps, beside another newsletter's with readers of its own."""
    lay(making.noise(), {1: "Noise"})
    return lay(making.newsletter(), SUBJECTS)
