"""Gathers the fixtures that every test may ask for; each group has its own module."""

pytest_plugins = (
    "tests.chromium",
    "tests.corpora",
    "tests.database",
    "tests.language",
    "tests.queue",
)
