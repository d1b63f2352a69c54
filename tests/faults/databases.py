"""Gives each fault its own database or server: a copy of one that was migrated once.

A kill takes a process, not the machine: what the kernel was handed stays. So nothing is flushed to
the disk here, but a commit is written before it is answered for, as in production.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from tests import postgres
from tests.template import settle

_ROOT = Path(__file__).resolve().parents[2]
_FLAGS = (
    *("-c", "listen_addresses="),
    *("-c", "max_connections=100"),
    *("-c", "fsync=off"),
    *("-c", "full_page_writes=off"),
    *("-c", "synchronous_commit=on"),
    *("-c", "max_wal_size=2GB"),
)


class Templates:
    """One migrated database of each kind that is wanted, copied for every fault.

    SQLite's is made from now on, beside whatever else is done; PostgreSQL's when first asked for.
    """

    def __init__(self, stack: ExitStack, kinds: Collection[str]) -> None:
        self._stack = stack
        self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-")))
        self._path = self._folder / "migrated.sqlite3"
        self._file: subprocess.Popen[bytes] | None = None
        if "sqlite" in kinds:
            self._file = self._migrating(f"sqlite:///{self._path}")
            stack.callback(self._file.kill)

    def copy(self, kind: str, folder: Path, stack: ExitStack) -> str:
        """Return the address of a fresh database for a copy of the product in `folder`.

        On PostgreSQL with a server of its own, which may be restarted: it runs as long as `stack`.
        """
        if kind == "sqlite":
            path = folder / "briefing.sqlite3"
            assert self._file
            _await(self._file)
            settle(self._path)
            shutil.copyfile(self._path, path)
            return f"sqlite:///{path}"
        return stack.enter_context(postgres.running(flags=_FLAGS, like=self._cluster))

    @cached_property
    def _cluster(self) -> Path:
        return self._stack.enter_context(postgres.prepared(self._migrate, flags=_FLAGS))

    def _migrate(self, url: str) -> None:
        _await(self._migrating(url))

    def _migrating(self, url: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            cwd=_ROOT,
            env=os.environ | {"DATABASE_URL": url, "LOCAL_DIR": str(self._folder)},
        )


def _await(process: "subprocess.Popen[bytes]") -> None:
    """Wait for its end. Raises: CalledProcessError when it failed."""
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, process.args)
