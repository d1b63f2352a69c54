"""Workers that sleep through their lease and wake up, and workers whose clock is a day off."""

import random
import signal
import time
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from briefing.dispatch.outcome import DEFERRED
from briefing.models import Batch, Delivery
from tests.faults import failpoints
from tests.faults.registry import fault
from tests.faults.rows.kills import finished
from tests.faults.table import Measured
from tests.faults.verdict import is_settled
from tests.faults.world import World

_EACH = 2
_DAY = 86_400.0


@fault(
    "a worker stopped (SIGSTOP) at each of 12 named places past its lease, then continued",
    must="extra 0, lost 0; the sleeper moves nothing that another holds",
    seconds=180,
)
def sleepers(world: World) -> Measured:
    """Stop workers in the midst of things, let others take over, and wake them all at once."""
    dispatch = world.dispatch(6_000)
    for place in failpoints.POINTS.values():
        for _ in range(_EACH):
            passage = random.randint(1, place.often)
            stop = partial(failpoints.arm, place, passage=passage, number=signal.SIGSTOP)
            world.fork(prepare=stop)
    asleep = list(world.workers)
    world.until(lambda: all(_is_stopped(each.pid) for each in asleep), seconds=60)
    time.sleep(float(settings.LEASE_SECONDS) + 0.5)  # until every lease is over
    taker = world.fork()
    overdue = Batch.objects.filter(state="claimed", lease_until__lt=timezone.now())
    world.until(lambda: not overdue.exists(), seconds=60)
    taken_over = sum(Batch.objects.filter(dispatch=dispatch).values_list("deaths", flat=True))
    for each in asleep:
        each.signal(signal.SIGCONT)
    lease_seconds, woken_at = float(settings.LEASE_SECONDS), time.monotonic()
    world.until(
        lambda: is_settled(dispatch) or time.monotonic() - woken_at > 2 * lease_seconds, seconds=60
    )
    awake = all(each.is_running() for each in asleep)
    # What they slept over is behind them. On a busy machine so many would only keep each other from
    # writing to anybody within a lease of seconds.
    for each in asleep:
        each.signal(signal.SIGTERM)
    # What a sleeper had on the wire has an answer by now that it may not have read in time.
    note = f"{len(asleep)} sleepers, {taken_over} batches taken over"
    most = len(asleep) * int(settings.SMTP_SOCKETS)
    measured = finished(world, dispatch, note=note, timeouts=most)
    measured.recovered_seconds = None
    measured.demand(taken_over > len(asleep) / 3, f"only {taken_over} batches were taken over")
    measured.demand(taker.is_running(), "the worker that took over ended")
    measured.demand(awake, "a sleeper ended when it woke up")
    return measured


@fault(
    "two workers' clocks a day ahead and a day behind the database's",
    must="extra 0, lost 0; second attempts are due in a minute, not tomorrow",
)
def clocks(world: World) -> Measured:
    """Let three workers share a dispatch that has something to try again."""
    domains = ["good.example"] * 9 + ["rcpt-450.example"]
    dispatch = world.dispatch(2_000, domains=domains)
    for seconds in (_DAY, 0.0, -_DAY):
        world.fork(prepare=partial(_shift_clock, seconds))
    world.until(lambda: is_settled(dispatch), seconds=60)
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        now: datetime = cursor.fetchone()[0]
    measured = finished(world, dispatch)
    measured.recovered_seconds = None
    due = Delivery.objects.filter(dispatch=dispatch, outcome=DEFERRED)
    # Who was slow enough to try them twice waits for the third attempt.
    waits = {1: timedelta(minutes=1), 2: timedelta(minutes=5), 3: timedelta(minutes=15)}
    times = [
        next_at - now - waits[attempts]
        for next_at, attempts in due.values_list("next_at", "attempts")
        if next_at
    ]
    measured.note = f"{len(times)} second attempts"
    measured.demand(len(times) == 200, f"{len(times)} deferred instead of 200")
    off = timedelta(minutes=3)
    measured.demand(all(-off < each < off for each in times), f"off by up to {max(times)}")
    return measured


def _shift_clock(seconds: float) -> None:
    """Let this process believe that it is earlier or later; the monotonic clock knows better."""
    really = time.time

    def off() -> float:
        return really() + seconds

    def now() -> datetime:
        return datetime.fromtimestamp(off(), tz=timezone.get_default_timezone())

    vars(time)["time"] = off
    namespace: dict[str, Any] = vars(timezone)
    namespace["now"] = now


def _is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] == "T"
