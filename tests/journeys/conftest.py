"""Fixtures for journeys: visitors come to a running copy instead of the tests' own server."""

from collections.abc import Iterator

import pytest

from tests.journeys import copy as copies


@pytest.fixture(scope="session")
def copy() -> Iterator[copies.Copy]:
    """Run one copy for all journeys."""
    with copies.running() as running:
        yield running


@pytest.fixture
def site(copy: copies.Copy) -> str:
    """Return where visitors go: `visit` and `page` follow it."""
    return copy.url
