"""A million readers, and something that breaks every five seconds: only with `--long`."""

import random
import signal
import time
from collections import Counter

from django.db import connection

from tests.faults.registry import fault
from tests.faults.rows.databases import restart_postgres
from tests.faults.rows.kills import finished
from tests.faults.table import Measured
from tests.faults.verdict import is_settled
from tests.faults.world import World

_PAUSE_SECONDS = 5
_WORKERS = 3


@fault(
    "a fault every 5 s until everybody has it: a worker killed, stopped or replaced, PostgreSQL "
    "restarted, the mail server's connections reset, the mail server away for 3 s",
    must="lost 0, extra 0; a killed lease recovered within 90 s and a drain's turn",
    seconds=120,
    only_long=True,
    alone=True,
)
def million(world: World) -> Measured:
    """Break one thing after the other, in random order, until everybody has it."""
    dispatch = world.dispatch(world.readers)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    happened: Counter[str] = Counter()
    while not is_settled(dispatch):
        world.keep(_WORKERS)
        until = time.monotonic() + _PAUSE_SECONDS
        while time.monotonic() < until:
            world.watch_leases()
            time.sleep(0.5)
        happened[_break_something(world)] += 1
    faults = ", ".join(f"{number} {what}" for what, number in happened.most_common())
    note = f"{world.readers:,} readers; {faults}"
    # Every connection that was reset had a message on it that nobody can answer for.
    resets = (happened["reset"] + happened["away"]) * _WORKERS * 8
    return finished(world, dispatch, note=note, timeouts=resets)


def _break_something(world: World) -> str:
    what = random.choice(["killed", "stopped", "replaced", "restart", "reset", "away"])
    victim = random.choice(world.running())
    if what == "killed":
        victim.end()
    elif what == "stopped":
        victim.signal(signal.SIGSTOP)
        time.sleep(2)
        victim.signal(signal.SIGCONT)
    elif what == "replaced":
        victim.signal(signal.SIGTERM)
    elif what == "restart":
        restart_postgres()
    elif what == "reset":
        world.sink.order("reset")
    else:
        world.sink.order("close")
        time.sleep(3)
        world.sink.order("open")
    return what
