"""A copy of the product for one measurement: its own folder, keys and database."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from tests import postgres

# An honest disk: everything is flushed as in production.
_DURABLE = (
    *("-c", "listen_addresses="),
    *("-c", "max_connections=60"),
    *("-c", "shared_buffers=512MB"),
    *("-c", "max_wal_size=4GB"),
)


@dataclass(frozen=True, slots=True)
class Copy:
    """How to run something against one copy."""

    environment: dict[str, str]

    def run(self, *command: str | int, **settings: str) -> dict[str, Any]:
        """Run one measurement in a fresh process; return what it printed.

        Raises: RuntimeError, with the end of what it said, when it fails.
        """
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.engine", *map(str, command)],
            env=os.environ | self.environment | settings,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{command}: {done.stderr[-2000:]}")
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result


@contextmanager
def copy(database: str, *, readers: int) -> Iterator[Copy]:
    """Make a copy with so many readers on `sqlite` or `postgresql`; it goes away at the end."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="briefing-bench-"))
        environment = {
            "MODE": "test",
            "LOCAL_DIR": folder,
            "SECRET_KEY": "benchmark-secret-key-that-protects-nothing-at-all-0123456789",
            "LINK_KEYS": "1:benchmark-link-key-0123456789abcdef",
            "SUPPRESSION_KEYS": "1:benchmark-suppression-key-0123456789",
            "PUBLIC_BASE_URL": "https://news.example",
            "EMAIL_URL": "null://",
            "DATABASE_URL": f"sqlite:///{folder}/briefing.sqlite3",
        }
        if database == "postgresql":
            environment["DATABASE_URL"] = stack.enter_context(postgres.running(flags=_DURABLE))
        made = Copy(environment)
        if readers:
            made.run("prepare", readers)
        yield made
