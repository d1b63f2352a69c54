"""Fixtures of the engine's tests."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from briefing.dispatch import invariants
from tests.briefing.dispatch.dying import Worker


@pytest.fixture
def workers_die(db: None, settings: Settings) -> Iterator[None]:
    """Small groups for workers that are stopped dead; whoever lives at the end is let go."""
    settings.GROUP_SIZE, settings.BATCH_SIZE = 4, 8
    yield
    while Worker.living:
        Worker.living.pop().journal.close()
    assert "I11" not in {each.invariant for each in invariants.violations()}
