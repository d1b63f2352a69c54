"""Migrates one database for a run with several workers; each begins with a copy of it.

The migrating is a process of its own, started before the workers are: while they read the tests,
it does once what each would have done for itself. `python -m tests.template FOLDER` is that process.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg

_ROOT = Path(__file__).resolve().parents[1]
_NAME = "migrated"
_WAIT_SECONDS = 300
# Names the folder to every worker, which inherits the environment.
_VARIABLE = "TESTS_TEMPLATE"


@contextmanager
def migrating(folder: Path, url: str) -> Iterator[None]:
    """Begin to migrate a database beside the one at `url`; its news lie in `folder`."""
    os.environ[_VARIABLE] = str(folder)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.template", folder],
        cwd=_ROOT,
        env=os.environ | {"DATABASE_URL": _beside(url, folder)},
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def is_made() -> bool:
    """Return whether this run has, or will have, a database to copy."""
    return _VARIABLE in os.environ


def begin_with_copy(path: str | None) -> dict[str, Any]:
    """Return what Django's TEST settings must say to begin with a copy; put SQLite's to `path`.

    Raises: RuntimeError, with its own words, when the migrating failed or takes too long.
    """
    folder = Path(os.environ[_VARIABLE])
    _wait(folder / "outcome")
    settings: dict[str, Any] = {"MIGRATE": False}
    if (folder / f"{_NAME}.sqlite3").exists():
        assert path is not None
        shutil.copyfile(folder / f"{_NAME}.sqlite3", path)
        return settings
    return settings | {"TEMPLATE": _NAME}


def settle(path: Path) -> None:
    """Put into SQLite's file what its write-ahead log holds: a copy of the file would lack it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _wait(outcome: Path) -> None:
    deadline = time.monotonic() + _WAIT_SECONDS
    while not outcome.exists():
        if time.monotonic() > deadline:
            raise RuntimeError(f"No database was migrated within {_WAIT_SECONDS} seconds.")
        time.sleep(0.05)  # another process migrates
    if failure := outcome.read_text():
        raise RuntimeError(f"The database could not be migrated: {failure}")


def _beside(url: str, folder: Path) -> str:
    """Return the address of the database to migrate, which exists on a server."""
    if url.startswith("sqlite"):
        return f"sqlite:///{folder / _NAME}.sqlite3"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {_NAME}")
    return f"{url.rpartition('/')[0]}/{_NAME}"


def _migrate(folder: Path) -> None:
    """Migrate the database of the environment; leave the outcome, empty or a failure's own words."""
    done = subprocess.run(
        # What Django's checks say of the code is asked by test_checks.py and `make check`.
        [sys.executable, "manage.py", "migrate", "--skip-checks", "--verbosity", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    path = folder / f"{_NAME}.sqlite3"
    if path.exists():
        settle(path)
    news = folder / "outcome.part"
    news.write_text(f"{done.returncode} {done.stdout}" if done.returncode else "")
    news.rename(folder / "outcome")


if __name__ == "__main__":
    _migrate(Path(sys.argv[1]))
