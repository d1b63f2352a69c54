"""Workers that die: at random moments, at each named place, and over one reader's data."""

import random
import signal
import time
from functools import partial

from django.conf import settings

from briefing.dispatch.outcome import QUARANTINED
from briefing.models import Batch, Delivery, Dispatch
from tests.faults import failpoints
from tests.faults.registry import fault
from tests.faults.table import Measured
from tests.faults.verdict import is_settled, judge
from tests.faults.world import World

_KILLS = 200
_TIMES_EACH = 20
_WORKERS = 4


@fault(
    "200 random kill -9 of workers",
    must="lost 0, extra 0, to unsubscribed 0; a killed lease is recovered",
    seconds=240,
)
def random_kills(world: World) -> Measured:
    """Kill one of four workers every tenth of a second."""
    world.sink.order("delay", 0.02)
    dispatch = world.dispatch(5_000)
    killed = 0
    while killed < _KILLS and not is_settled(dispatch):
        world.keep(_WORKERS)
        time.sleep(random.uniform(0.05, 0.15))  # a moment nobody chose
        random.choice(world.running()).end()
        killed += 1
        world.watch_leases()
    world.sink.order("delay", 0)
    measured = finished(world, dispatch, note=f"{killed} kills")
    measured.demand(killed == _KILLS, f"the issue was over after {killed} kills")
    return measured


@fault(
    "a worker killed at each of 12 named places, 20 times",
    must="lost 0, extra 0; a killed lease is recovered",
    seconds=240,
)
def named_kills(world: World) -> Measured:
    """Let worker after worker run into its end, several at a time."""
    # What two workers died over is sent one by one from then on: in small batches that is less.
    settings.BATCH_SIZE = 60
    dispatch = world.dispatch(10_000)
    places = [name for name in failpoints.POINTS for _ in range(_TIMES_EACH)]
    random.shuffle(places)
    while places and not is_settled(dispatch):
        for _ in range(min(_WORKERS + 2 - len(world.running()), len(places))):
            place = failpoints.POINTS[places.pop()]
            passage = random.randint(1, place.often)
            world.fork(prepare=partial(failpoints.arm, place, passage=passage))
        time.sleep(0.05)  # other processes work
        world.watch_leases()
    deaths = sum(not each.is_running() for each in world.workers)
    measured = finished(world, dispatch, note=f"{deaths} deaths at {len(failpoints.POINTS)} places")
    measured.demand(not places, f"the issue was over with {len(places)} deaths to come")
    return measured


@fault(
    "one reader's data kills every worker that builds its copy",
    must="I11: three deaths, then set aside; everybody else is written to",
)
def poison(world: World) -> Measured:
    """Every worker dies over the same reader, until that reader is quarantined."""
    dispatch = world.dispatch(400)
    reader = 137
    kill = partial(failpoints.arm, failpoints.building(reader), passage=1)

    def keep() -> None:
        while len(world.running()) < 2:
            world.fork(prepare=kill)

    world.until(lambda: is_settled(dispatch), seconds=60, meanwhile=keep)
    measured = finished(world, dispatch)
    deaths = sum(each.status == 9 for each in world.workers)
    measured.note = f"{deaths} deaths"
    set_aside = Delivery.objects.filter(dispatch=dispatch, outcome=QUARANTINED)
    measured.demand(deaths == 3, f"I11 {deaths} workers died over one reader")
    measured.demand(list(set_aside.values_list("subscriber_id", flat=True)) == [reader], "I11 who?")
    return measured


def finished(world: World, dispatch: Dispatch, *, note: str = "", timeouts: int = 0) -> Measured:
    """Let healthy workers end the dispatch, and judge it.

    `timeouts` is how many answers may fail to come in time though nobody died.
    """
    patience = 60 + 5 * float(settings.LEASE_SECONDS)
    world.until(lambda: is_settled(dispatch), seconds=patience, meanwhile=lambda: world.keep(2))
    verdict = judge(dispatch, world.sink.log)
    measured = Measured(
        lost=verdict.lost,
        extra=verdict.extra,
        to_unsubscribed=verdict.to_unsubscribed,
        unknown=verdict.unknown,
        recovered_seconds=world.recovered_seconds,
        note=note,
        broken=verdict.broken,
    )
    # The journal narrows what a death leaves unknown to what was on the wire: one for each socket.
    deaths = sum(each.status == signal.SIGKILL for each in world.workers)
    most = deaths * int(settings.SMTP_SOCKETS) + timeouts
    measured.demand(verdict.unknown <= most, f"{verdict.unknown} unknown, {most} on the wire")
    left = Batch.objects.filter(dispatch=dispatch).exclude(state="done").count()
    measured.demand(not left, f"{left} batches were never ended")
    return measured
