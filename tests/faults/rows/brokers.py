"""A broker that forgets, stops, hangs or was never there: it costs time, never mail nor a signup."""

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack

from briefing import tasks
from subscribers.models import SignupRequest
from tests.factories import notice
from tests.faults import programs, visitors
from tests.faults.registry import fault
from tests.faults.rows.kills import finished
from tests.faults.table import Measured
from tests.faults.verdict import is_settled
from tests.faults.world import World

_FLUSH_SECONDS = 2
_VISITORS = 150
_LONGEST_MS = 500


@fault(
    "FLUSHALL every 2 s under two queue workers; two beats; 50 doorbells at once",
    must="lost 0, extra 0; it ends by itself",
    seconds=180,
)
def forgetful_broker(world: World) -> Measured:
    """Dispatch by the queue alone, whose messages keep disappearing."""
    world.sink.order("delay", 0.02)
    with ExitStack() as stack:
        broker = stack.enter_context(programs.Broker())
        for name in ("one", "two"):
            stack.enter_context(programs.queue_worker(name))
            stack.enter_context(programs.beat(name))
        dispatch = world.dispatch(2_000)
        for _ in range(50):
            tasks.ring(dispatch.pk)
        flushed, next_at = 0, time.monotonic() + _FLUSH_SECONDS

        def flush() -> None:
            nonlocal flushed, next_at
            if time.monotonic() >= next_at:
                broker.flush()
                flushed, next_at = flushed + 1, time.monotonic() + _FLUSH_SECONDS

        world.until(lambda: is_settled(dispatch), seconds=150, meanwhile=flush)
        # Nothing but the queue has worked on it so far; the rest is looking.
        measured = finished(world, dispatch, note=f"{flushed} times FLUSHALL")
    measured.recovered_seconds = None
    measured.demand(flushed >= 3, f"over after {flushed} times FLUSHALL")
    measured.demand(not measured.unknown, "somebody became unknown")
    return measured


@fault(
    "broker running, stopped, hung, absent: people sign up at the web server all the while",
    must="signup p99 < 500 ms in each; no request lost; an issue goes out without it",
    alone=True,
)
def broker_away(world: World) -> Measured:
    """Have as many people sign up in each state of the broker, and an issue sent in the last."""
    port = programs.free_port()
    notice()
    dispatch = world.dispatch(400)
    p99: dict[str, float] = {}
    with programs.Broker() as broker, programs.web(port):
        programs.await_port(port)
        visitors.post(port, first=0, number=20)
        states: dict[str, Callable[[], object]] = {
            "running": lambda: None,
            "hung": lambda: broker.send(signal.SIGSTOP),
            "stopped": lambda: broker.stop(number=signal.SIGKILL),
        }
        for place, (state, bring_about) in enumerate(states.items()):
            bring_about()
            people = visitors.post(port, first=(place + 1) * 1000, number=_VISITORS)
            p99[state] = visitors.p99_ms(people)
    port = programs.free_port()
    with programs.web(port):
        programs.await_port(port)
        p99["absent"] = visitors.p99_ms(visitors.post(port, first=9000, number=_VISITORS))
    figures = ", ".join(f"{state} {figure:.0f}" for state, figure in p99.items())
    measured = finished(world, dispatch, note=f"p99 in ms: {figures}")
    measured.recovered_seconds = None
    for state, figure in p99.items():
        measured.demand(figure < _LONGEST_MS, f"{state}: signup p99 {figure:.0f} ms")
    wanted, kept = 20 + 4 * _VISITORS, SignupRequest.objects.count()
    measured.demand(kept == wanted, f"{kept} of {wanted} signups were written down")
    return measured
