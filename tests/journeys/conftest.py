"""Fixtures for journeys: visitors come to a running copy instead of the tests' own server."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.chromium import TIMEOUT_MILLISECONDS
from tests.journeys import copy as copies
from tests.journeys.editor import PATIENTLY


@pytest.fixture(scope="session")
def copy(pytestconfig: pytest.Config) -> Iterator[copies.Copy]:
    """Run one copy for all journeys, so slow that somebody can stop a dispatch in its midst."""
    full = pytestconfig.getoption("full")
    with copies.running(rates="bulk=1000" if full else "bulk=40") as running:
        yield running


@pytest.fixture(autouse=True)
def _patiently() -> Iterator[None]:
    """Wait for a whole copy as long as it takes on a busy machine."""
    expect.set_options(timeout=PATIENTLY)
    yield
    expect.set_options(timeout=TIMEOUT_MILLISECONDS)


@pytest.fixture
def site(copy: copies.Copy) -> str:
    """Return where visitors go: `visit` and `page` follow it."""
    return copy.url
