"""Who waits for a database file is the next to have it."""

import signal
import subprocess
import sys
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

from briefing.fair_sqlite3 import base, queue
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

    def wait_long(_queue: int, how: int) -> None:
        nonlocal now
        now += 30 if how & LOCK_EX else 0

    monkeypatch.setattr(time, "monotonic", monotonic)
    monkeypatch.setattr(queue, "flock", wait_long)
    with transaction(keeping), pytest.raises(OperationalError, match="locked"):
        transaction(late).__enter__()
    assert 60 < now < 61, "it asked once: both waited for their turn, and nobody for more"


# Joins the queue, says when it is the foremost, and leaves when it is told to.
_QUEUES = """
import sys
from briefing.fair_sqlite3 import queue
with queue.turn(sys.argv[1], seconds=60):
    print("foremost", flush=True)
    sys.stdin.readline()
print("left", flush=True)
"""


def test_a_process_stopped_as_the_foremost_holds_others_up_only_for_so_long(
    connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = connect(), connect()
    with transaction(first):
        pass
    asked: list[float] = []

    class Place(queue.Place):
        def wait(self, seconds: float) -> bool:
            asked.append(seconds)
            return super().wait(seconds)

    monkeypatch.setattr(queue, "Place", Place)
    monkeypatch.setattr(base, "_QUEUES_SECONDS", 0.1)
    stopped = subprocess.Popen(
        [sys.executable, "-c", _QUEUES, str(tmp_path / "fair-queue")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with stopped:
        assert stopped.stdin
        assert stopped.stdout
        try:
            assert stopped.stdout.readline() == "foremost\n"
            stopped.send_signal(signal.SIGSTOP)
            for each in (first, second, first):
                with transaction(each), each.cursor() as cursor:
                    cursor.execute("CREATE TABLE t (a)")
                assert asked == [0.1], "who gave up once does not queue again behind the same"
            with transaction(first), pytest.raises(OperationalError, match="locked"):
                transaction(connect(timeout=0.01)).__enter__()
            assert is_queued(tmp_path / "fair"), "its place is still its own"
        finally:
            stopped.send_signal(signal.SIGCONT)
        stopped.stdin.write("\n")
        stopped.stdin.flush()
        assert stopped.stdout.readline() == "left\n"

    (given_up,) = queue.given_up.values()
    while not given_up.reached:
        time.sleep(0.01)  # the kernel wakes the thread that stands there still
    with transaction(second):
        assert asked == [0.1, 0.1], "the queue is one again"
    assert not is_queued(tmp_path / "fair"), "who had given up left at once"
