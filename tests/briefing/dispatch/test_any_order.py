"""Whatever the order of steps, answers, deaths and decisions, the promise holds after each of them."""

import pytest
from hypothesis import Phase
from pytest_django import Settings

from tests import factories
from tests.briefing.dispatch.machine import Engine
from tests.briefing.dispatch.making import readers
from tests.briefing.dispatch.playing import play

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _eight_readers(settings: Settings) -> None:
    settings.GROUP_SIZE, settings.BATCH_SIZE = 3, 5
    readers(8)
    factories.issue()


def began(sequences: int, steps: int, *, seed: int | None = None) -> int:
    """Play, each sequence checked after each step; return how many were begun."""
    before = Engine.begun
    play(sequences, steps=steps, phases=[Phase.generate, Phase.shrink], seed=seed)
    return Engine.begun - before


def test_the_promise_holds_in_a_few_orders() -> None:
    assert began(15, steps=25) >= 15


@pytest.mark.full
@pytest.mark.parametrize("seed", range(1, 11))
def test_the_promise_holds_in_ten_thousand_orders(seed: int) -> None:
    """A tenth of them, so that as many processes as there are share them."""
    assert began(1_000, steps=40, seed=seed) >= 1_000
