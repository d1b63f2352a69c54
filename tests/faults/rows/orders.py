"""Steps that nobody can order, in orders that nobody would think of: the state machine of the rules."""

import hypothesis
from django.conf import settings
from hypothesis import HealthCheck, Phase
from hypothesis.stateful import run_state_machine_as_test

from tests.briefing.dispatch.machine import Engine
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
    played = 0

    class Counted(Engine):
        def __init__(self) -> None:
            nonlocal played
            played += 1
            super().__init__()

    measured = Measured()
    how = hypothesis.settings(
        max_examples=_MANY if world.readers else _SEQUENCES,
        stateful_step_count=_STEPS,
        deadline=None,
        database=None,
        # Made as short as can be by the test of the same machine; here it would count as hung.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(Counted, settings=how)
    except Exception as error:  # noqa: BLE001  whatever it was, the steps that led to it are told
        measured.broken += [repr(error)[:500], *getattr(error, "__notes__", [])]
    measured.note = f"{played:,} sequences of up to {_STEPS} steps"
    return measured
