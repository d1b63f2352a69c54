"""Plays the state machine of the engine's rules, for its test and for the fault table."""

from collections.abc import Collection

import hypothesis
from django.db import transaction
from hypothesis import HealthCheck, Phase
from hypothesis.stateful import run_state_machine_as_test

from tests.briefing.dispatch.machine import Engine
from tests.briefing.dispatch.stage import Stage


def play(sequences: int, *, steps: int, phases: Collection[Phase], seed: int | None = None) -> None:
    """Play so many sequences; from a seed always the same.

    Raises: whatever broke, with the steps that led to it.
    """
    engine = hypothesis.seed(seed)(type("Engine", (Engine,), {})) if seed else Engine
    with transaction.atomic():
        Engine.stage = Stage.set()
        try:
            run_state_machine_as_test(
                engine,
                settings=hypothesis.settings(
                    max_examples=sequences,
                    stateful_step_count=steps,
                    deadline=None,
                    database=None,
                    phases=phases,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            transaction.set_rollback(True)
