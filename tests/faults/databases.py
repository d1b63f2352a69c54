"""Gives each fault its own database or server: a copy of one that was migrated once.

A kill takes a process, not the machine: what the kernel was handed stays. So nothing is flushed to
the disk here, but a commit is written before it is answered for, as in production.
"""

import os
import shutil
import subprocess
import sys
import tempfile
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
    """One migrated database of each kind, made when first asked for, copied for every fault."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-")))

    def copy(self, kind: str, folder: Path, stack: ExitStack) -> str:
        """Return the address of a fresh database for a copy of the product in `folder`.

        On PostgreSQL with a server of its own, which may be restarted: it runs as long as `stack`.
        """
        if kind == "sqlite":
            path = folder / "briefing.sqlite3"
            shutil.copyfile(self._file, path)
            return f"sqlite:///{path}"
        return stack.enter_context(postgres.running(flags=_FLAGS, like=self._cluster))

    @cached_property
    def _file(self) -> Path:
        path = self._folder / "migrated.sqlite3"
        self._migrate(f"sqlite:///{path}")
        settle(path)
        return path

    @cached_property
    def _cluster(self) -> Path:
        return self._stack.enter_context(postgres.prepared(self._migrate, flags=_FLAGS))

    def _migrate(self, url: str) -> None:
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            cwd=_ROOT,
            env=os.environ | {"DATABASE_URL": url, "LOCAL_DIR": str(self._folder)},
            check=True,
        )
