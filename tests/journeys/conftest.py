"""Fixtures for journeys: visitors come to a running copy instead of the tests' own server."""

from collections.abc import Iterator

import pytest

from tests.journeys import copy as copies


@pytest.fixture(scope="session")
def copy(pytestconfig: pytest.Config) -> Iterator[copies.Copy]:
    """Run one copy for all journeys, so slow that somebody can stop a dispatch in its midst."""
    full = pytestconfig.getoption("full")
    with copies.running(rates="bulk=1000" if full else "bulk=20") as running:
        yield running


@pytest.fixture
def site(copy: copies.Copy) -> str:
    """Return where visitors go: `visit` and `page` follow it."""
    return copy.url
