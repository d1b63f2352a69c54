"""Plays the state machine of the engine's rules, for its test and for the fault table."""

from collections.abc import Collection

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis.stateful import run_state_machine_as_test

from tests.briefing.dispatch.machine import Engine


def play(sequences: int, *, steps: int, phases: Collection[Phase]) -> None:
    """Play so many sequences. Raises: whatever broke, with the steps that led to it."""
    run_state_machine_as_test(
        Engine,
        settings=hypothesis.settings(
            max_examples=sequences,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=phases,
            suppress_health_check=list(HealthCheck),
        ),
    )
