"""Databases that go away in the midst of things, and processes that die in the midst of a commit."""

import os
import random
import signal
import sqlite3
import time
from contextlib import closing, suppress
from functools import partial

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from briefing.dispatch import outage
from briefing.models import Batch
from tests.faults import failpoints
from tests.faults.registry import fault
from tests.faults.rows.kills import finished
from tests.faults.table import Measured
from tests.faults.verdict import is_settled
from tests.faults.world import TooLongError, World

_RESTARTS = 20
_COMMITS = 50
# It first does again what it had not flushed: how long that takes is the disk's affair.
_BACK_SECONDS = 120


@fault(
    "PostgreSQL restarted at once, 20 times",
    must="lost 0, extra 0, unknown 0; workers reconnect within 10 s",
)
def postgres_restarts(world: World) -> Measured:
    """Throw every connection out, again and again, while three workers send."""
    # So many and so slowly that no machine is through with them before the last restart.
    world.sink.order("delay", 0.04)
    dispatch = world.dispatch(9_000)
    for _ in range(3):
        world.fork()
    back: list[float] = []
    while len(back) < _RESTARTS and not is_settled(dispatch):
        time.sleep(random.uniform(0.3, 0.8))  # a moment nobody chose
        restart_postgres()
        back.append(_seconds_until_next_message(world))
    world.sink.order("delay", 0)
    survivors = len(world.running())
    measured = finished(world, dispatch, note=f"{len(back)} restarts")
    measured.recovered_seconds = max(back)
    deaths = sum(Batch.objects.filter(dispatch=dispatch).values_list("deaths", flat=True))
    measured.demand(len(back) == _RESTARTS, f"the issue was over after {len(back)} restarts")
    measured.demand(max(back) <= 10, f"the next message came after {max(back):.1f} s")
    measured.demand(survivors == 3, f"{3 - survivors} workers ended with the database")
    measured.demand(not measured.unknown, f"{measured.unknown} unknown, {deaths} leases left")
    return measured


@fault(
    "a worker killed in the midst of a commit, 50 times",
    must="lost 0, extra 0; the file stays whole",
    database="sqlite",
)
def sqlite_commits(world: World) -> Measured:
    """Let each worker die within milliseconds of beginning one of its commits."""
    dispatch = world.dispatch(6_000)
    armed = 0
    while armed < _COMMITS and not is_settled(dispatch):
        for _ in range(min(4 - len(world.running()), _COMMITS - armed)):
            passage, seconds = random.randint(3, 14), random.uniform(0, 0.004)
            kill = partial(failpoints.arm_commit, passage=passage, within_seconds=seconds)
            world.fork(prepare=kill)
            armed += 1
        time.sleep(0.05)  # other processes work
        world.watch_leases()
    world.until(lambda: not world.running(), seconds=60)
    measured = finished(world, dispatch, note=f"{armed} deaths")
    deaths = sum(each.status == signal.SIGKILL for each in world.workers)
    measured.demand(deaths == _COMMITS, f"only {deaths} workers died")
    with closing(sqlite3.connect(settings.DATABASES["default"]["NAME"])) as file:
        answers = {answer for (answer,) in file.execute("PRAGMA integrity_check")}
    # SQLite 3.40 says this of any table WITHOUT ROWID whose key does not stand first; it has none.
    damage = {each for each in answers if not each.startswith("NULL value in")} - {"ok"}
    measured.demand(not damage, f"the file is damaged: {damage}")
    return measured


def restart_postgres() -> None:
    """Kill one backend: the server then ends all others at once and recovers from its log.

    That is what `pg_ctl restart --mode immediate` does, but for the moment it takes to begin.
    """
    witness = connection.copy()
    with witness.cursor() as seen, connection.cursor() as cursor:
        seen.execute("SELECT 1")
        cursor.execute("SELECT pg_backend_pid()")
        os.kill(cursor.fetchone()[0], signal.SIGKILL)
        # On a busy machine the server notices late, and would still let somebody in meanwhile.
        with suppress(OperationalError, InterfaceError):
            while True:
                seen.execute("SELECT 1")
                time.sleep(0.01)  # until the server cuts it off
    witness.close()
    if not outage.is_over(until=time.monotonic() + _BACK_SECONDS):
        raise TooLongError("PostgreSQL did not come back")


def _seconds_until_next_message(world: World) -> float:
    before = world.sink.taken()
    return world.until(lambda: world.sink.taken() > before, seconds=30)
