"""The engine's clock is the database's, and whoever slept while asking it asks again."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from briefing.dispatch import clock
from briefing.dispatch.clock import Clock

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds_each", "late"),
    [([0.1], 0.1), ([60.0, 0.1], 0.1), ([60.0, 60.0, 0.1], 0.1), ([60.0, 60.0, 60.0], 60.0)],
)
def test_an_answer_that_is_old_when_it_comes_is_asked_for_again(
    seconds_each: list[float], late: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = 0.0

    def answer() -> datetime:
        nonlocal passed
        at = NOW + timedelta(seconds=passed)
        passed += seconds_each.pop(0)
        return at

    monkeypatch.setattr(time, "monotonic", lambda: 1000.0 + passed)
    monkeypatch.setattr(clock, "database_now", answer)

    told = Clock.read().now()

    assert NOW + timedelta(seconds=passed) - told == timedelta(seconds=late)
    assert not seconds_each
