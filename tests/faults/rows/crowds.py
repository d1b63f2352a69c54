"""Too many hands: planners, doorbells and people who press at once, and workers that are replaced."""

import os
import signal
import time
from collections import Counter
from functools import partial

from django.utils import timezone

from briefing import tasks
from briefing.dispatch import control, planner, results
from briefing.models import Batch, Dispatch, DispatchCount, Issue
from tests.faults import readers
from tests.faults.registry import fault
from tests.faults.rows.kills import finished
from tests.faults.table import Measured
from tests.faults.verdict import is_settled
from tests.faults.world import World

_CLICKS = 6
_PLANNERS = 4
_DOORBELLS = 50
_REPLACED = 20
# A container's own end comes ten seconds after it was told to end.
_ENDS_WITHIN = 10.0
_REFUSED = 3


@fault(
    "six clicks on “send”, four planners, 50 doorbells, all at once",
    must="one dispatch, each reader planned once; lost 0, extra 0",
)
def crowd(world: World) -> Measured:
    """Let everybody who can begin something begin it at the same time."""
    readers.subscribe(4_000)
    issue = world.issue()
    clicks = [world.fork(partial(_click, issue)) for _ in range(_CLICKS)]
    for each in clicks:
        each.wait(30)
    dispatch = Dispatch.objects.get()
    won = sum(each.status == 0 for each in clicks)
    refused = sum(os.waitstatus_to_exitcode(each.status or 0) == _REFUSED for each in clicks)
    planners = [world.fork(partial(_plan, dispatch.pk)) for _ in range(_PLANNERS)]
    bells = [world.fork(partial(tasks.drain, dispatch.pk)) for _ in range(_DOORBELLS)]
    for each in (*planners, *bells):
        each.wait(60)
    # Two hundred connections at once: the sink may not get round to all of them in a second.
    note = f"{won} of {_CLICKS} clicks began it"
    measured = finished(world, dispatch, note=note, timeouts=4 * _DOORBELLS)
    measured.recovered_seconds = None
    planned = Counter(
        reader for batch in Batch.objects.all() for reader in results.readers_of(batch)
    )
    count = DispatchCount.objects.get()
    measured.demand(won == 1, f"{won} clicks began a dispatch")
    measured.demand(refused == _CLICKS - 1, f"{refused} clicks were told that it runs already")
    measured.demand(len(planned) == count.planned == 4_000, f"{len(planned)} planned")
    measured.demand(max(planned.values()) == 1, "somebody was planned twice")
    failed = sum(each.status != 0 for each in (*planners, *bells))
    measured.demand(not failed, f"{failed} planners or workers fell over")
    return measured


@fault(
    "workers replaced one after the other (SIGTERM), 20 times",
    must="each ends within 10 s by itself; lost 0, extra 0, unknown 0",
)
def rolling_restart(world: World) -> Measured:
    """Tell the oldest of three workers to end, again and again, and start another."""
    world.sink.order("delay", 0.02)
    dispatch = world.dispatch(6_000)
    took: list[float] = []
    codes: Counter[int] = Counter()
    world.keep(3)
    while len(took) < _REPLACED and not is_settled(dispatch):
        time.sleep(0.3)  # they send meanwhile
        oldest = world.running()[0]
        began = time.monotonic()
        oldest.signal(signal.SIGTERM)
        world.fork()
        oldest.wait(30)
        took.append(time.monotonic() - began)
        codes[os.waitstatus_to_exitcode(oldest.status or 0)] += 1
    world.sink.order("delay", 0)
    measured = finished(world, dispatch, note=f"longest end {max(took):.1f} s")
    measured.recovered_seconds = None
    deaths = sum(Batch.objects.values_list("deaths", flat=True))
    measured.demand(len(took) == _REPLACED, f"the issue was over after {len(took)}")
    measured.demand(max(took) <= _ENDS_WITHIN, f"one took {max(took):.1f} s to end")
    measured.demand(set(codes) == {0}, f"exit codes {dict(codes)}")
    measured.demand(not deaths, f"{deaths} batches waited for their lease")
    measured.demand(not measured.unknown, f"{measured.unknown} became unknown")
    return measured


def _click(issue: Issue) -> None:
    try:
        control.start(issue, now=timezone.now())
    except control.DispatchRefusedError:
        os._exit(_REFUSED)


def _plan(dispatch_id: int) -> None:
    planner.plan(dispatch_id, ring=lambda _id: None)
