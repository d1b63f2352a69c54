"""Who waits for a database file is the next to have it."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError
from pytest_django import DjangoDbBlocker

from briefing.fair_sqlite3 import base
from briefing.fair_sqlite3.base import DatabaseWrapper

Connect = Callable[..., DatabaseWrapper]


@pytest.fixture
def connect(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Connect]:
    """Connections to a database of the test's own, on either run."""
    made: list[DatabaseWrapper] = []

    def one(*, timeout: float = 20) -> DatabaseWrapper:
        options = {"transaction_mode": "IMMEDIATE", "timeout": timeout}
        options["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF"
        own = {"NAME": tmp_path / "fair", "OPTIONS": options}
        made.append(DatabaseWrapper(settings.DATABASES["default"] | own, "default"))
        made[-1].inc_thread_sharing()
        return made[-1]

    with django_db_blocker.unblock():
        yield one
        for each in made:
            each.close()


@contextmanager
def transaction(connection: DatabaseWrapper) -> Iterator[None]:
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    try:
        yield
    finally:
        connection.rollback()
        connection.set_autocommit(True)


def is_queued(database: Path) -> bool:
    """Whether somebody is the foremost of the queue."""
    with Path(f"{database}-queue").open() as queue:
        try:
            flock(queue, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_whoever_waits_for_the_database_is_the_next(connect: Connect, tmp_path: Path) -> None:
    busy, waiting = connect(), connect()
    turns: list[str] = []

    def wait() -> None:
        with transaction(waiting):
            turns.append("who waited")

    with ThreadPoolExecutor(1) as pool:
        with transaction(busy):
            waits = pool.submit(wait)
            while not is_queued(tmp_path / "fair"):
                assert not waits.done()
        with transaction(busy):
            turns.append("who had it")
        waits.result()

    assert turns == ["who waited", "who had it"]


def test_a_database_that_somebody_keeps_is_an_error_and_the_next_asks_anew(
    connect: Connect, tmp_path: Path
) -> None:
    keeping, hasty = connect(), connect(timeout=0.01)

    with transaction(keeping), pytest.raises(OperationalError, match="locked"):
        transaction(hasty).__enter__()

    assert not is_queued(tmp_path / "fair")
    with transaction(hasty), hasty.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (10,)


def test_time_in_the_queue_counts(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    keeping, late = connect(), connect(timeout=20)
    now = 0.0

    def monotonic() -> float:
        nonlocal now
        now += 0.1
        return now

    def wait_long(_queue: int, _how: int) -> None:
        nonlocal now
        now += 30

    monkeypatch.setattr(time, "monotonic", monotonic)
    monkeypatch.setattr(base, "flock", wait_long)
    with transaction(keeping), pytest.raises(OperationalError, match="locked"):
        transaction(late).__enter__()
    assert 60 < now < 61, "it asked once: both waited for their turn, and nobody for more"
