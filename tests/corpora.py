"""Large corpora: a sample of each runs always, the whole of it with `--full`."""

import hypothesis
import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run ask for all of it."""
    parser.addoption("--full", action="store_true", help="run what is marked full as well")


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark, for --strict-markers."""
    config.addinivalue_line("markers", "full: a corpus as a whole; runs with --full only")
    if config.getoption("full"):
        hypothesis.settings.load_profile("full")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take what is marked full out of an ordinary run."""
    if config.getoption("full"):
        return
    whole = [item for item in items if item.get_closest_marker("full")]
    if whole:
        config.hook.pytest_deselected(items=whole)
        items[:] = [item for item in items if item not in whole]
