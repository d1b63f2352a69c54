"""Steps that nobody can order, in orders that nobody would think of: the state machine of the rules."""

from django.conf import settings
from hypothesis import Phase

from tests.briefing.dispatch.machine import Engine
from tests.briefing.dispatch.playing import play
from tests.faults import readers
from tests.faults.registry import fault
from tests.faults.table import Measured
from tests.faults.world import World

_SEQUENCES = 30
_MANY = 10_000
_STEPS = 40
_READERS = 8


@fault(
    "claims, intents, answers, deaths, leases that end, withdrawals, switches and decisions in any "
    "order (a state machine)",
    must="every invariant after each step; at the end one row each, no copy nobody asked for",
    database="sqlite",
    seconds=180,
)
def any_order(world: World) -> Measured:
    """Play sequences; the steps of one that breaks a promise are told."""
    settings.GROUP_SIZE, settings.BATCH_SIZE = 3, 5
    readers.subscribe(_READERS)
    world.issue()
    measured = Measured()
    try:
        # Made as short as can be by the test of the same machine; here it would count as hung.
        play(_MANY if world.readers else _SEQUENCES, steps=_STEPS, phases=[Phase.generate])
    except Exception as error:  # noqa: BLE001  whatever it was, the steps that led to it are told
        measured.broken += [repr(error)[:500], *getattr(error, "__notes__", [])]
    measured.note = f"{Engine.begun:,} sequences of up to {_STEPS} steps"
    return measured
