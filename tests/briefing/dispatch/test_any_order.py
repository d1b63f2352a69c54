"""Whatever the order of steps, answers, deaths and decisions, the promise holds after each of them."""

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis.stateful import run_state_machine_as_test
from pytest_django import Settings

from tests import factories
from tests.briefing.dispatch.machine import Engine
from tests.briefing.dispatch.making import readers

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _eight_readers(settings: Settings) -> None:
    settings.GROUP_SIZE, settings.BATCH_SIZE = 3, 5
    readers(8)
    factories.issue()


def play(sequences: int, steps: int) -> None:
    run_state_machine_as_test(
        Engine,
        settings=hypothesis.settings(
            max_examples=sequences,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_promise_holds_in_a_few_orders() -> None:
    play(15, steps=25)


@pytest.mark.full
def test_the_promise_holds_in_ten_thousand_orders() -> None:
    play(10_000, steps=40)
