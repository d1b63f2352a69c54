"""When a deferred copy is tried again, and when no more."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from briefing.dispatch.outcome import next_attempt

FIRST = datetime(2026, 3, 2, 9, tzinfo=UTC)
# The waits that docs/guarantees.md promises, in minutes, by how often it was tried.
PROMISED = [(1, 1), (2, 5), (3, 15), (4, 60), (5, 240), (6, 240), (9, 240)]


def spread(monkeypatch: pytest.MonkeyPatch, *, to: float) -> None:
    """Let chance fall on one end of what it may choose between."""
    monkeypatch.setattr(random, "uniform", lambda low, high: low + (high - low) * to)


@pytest.mark.parametrize(("attempts", "minutes"), PROMISED)
def test_the_wait_grows_with_each_attempt(
    attempts: int, minutes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    spread(monkeypatch, to=0.0)

    assert next_attempt(attempts, now=FIRST, first_at=FIRST) == FIRST + timedelta(minutes=minutes)


@pytest.mark.parametrize(("attempts", "minutes"), PROMISED)
def test_chance_adds_a_tenth_and_no_more(
    attempts: int, minutes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    spread(monkeypatch, to=1.0)

    latest = FIRST + timedelta(minutes=minutes * 1.1)
    assert next_attempt(attempts, now=FIRST, first_at=FIRST) == latest


def test_a_last_attempt_may_fall_on_the_end_of_a_day_and_none_behind_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spread(monkeypatch, to=0.0)
    last = FIRST + timedelta(hours=20)

    assert next_attempt(5, now=last, first_at=FIRST) == FIRST + timedelta(hours=24)
    assert next_attempt(5, now=last + timedelta(seconds=1), first_at=FIRST) is None
