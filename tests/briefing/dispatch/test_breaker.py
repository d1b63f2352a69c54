"""An account that keeps failing is left alone for a while, and for longer each time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import QuerySet

from briefing.dispatch import breaker
from briefing.models import Breaker

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _another_account_is_shut_off() -> None:
    Breaker.objects.create(
        account="other", failures=9, recent=0b111, open_until=NOW + timedelta(hours=1)
    )


def fail(times: int = 1, *, at: datetime = NOW, reason: str = "connection refused") -> list[bool]:
    """Fail so many times; return when the breaker opened."""
    return [breaker.note_failure("bulk", reason, now=at) for _ in range(times)]


def kept(account: str = "bulk") -> Breaker:
    return Breaker.objects.get(account=account)


def test_an_account_nobody_had_trouble_with_is_used() -> None:
    assert breaker.allows("bulk", now=NOW)
    assert not breaker.is_open("bulk")
    assert not breaker.is_troubled("bulk")
    breaker.note_success("bulk")
    assert not Breaker.objects.filter(account="bulk").exists()


def test_the_fifth_failure_in_a_row_opens_it_and_is_told_once() -> None:
    assert fail(6) == [False, False, False, False, True, False]

    assert breaker.is_open("bulk")
    assert kept().reason == "connection refused"
    assert breaker.is_troubled("bulk")


def test_four_failures_and_a_success_begin_anew() -> None:
    fail(4)
    breaker.note_success("bulk")
    # Whoever was let in and had nothing to send shuts off nobody.
    breaker.give_turn_back("bulk", now=NOW)
    assert not breaker.is_open("bulk")

    assert fail(4) == [False] * 4
    assert breaker.allows("bulk", now=NOW)


def test_half_of_the_last_twenty_open_it_though_they_are_not_in_a_row() -> None:
    opened = []
    for _turn in range(10):
        opened += fail()
        breaker.note_success("bulk")

    assert opened == [False] * 9 + [True]


def test_what_is_older_than_twenty_groups_is_forgotten() -> None:
    fail(3)
    assert kept().recent == 0b111
    for _group in range(19):
        breaker.note_success("bulk")
    assert kept().recent == 1 << 19
    assert breaker.is_troubled("bulk")

    breaker.note_success("bulk")

    assert kept().recent == 0
    assert not breaker.is_troubled("bulk")


def test_it_is_shut_for_half_a_minute_and_then_lets_one_in() -> None:
    fail(5)

    assert kept().open_until == NOW + 30 * SECOND
    assert not breaker.allows("bulk", now=NOW + 29 * SECOND)
    assert breaker.allows("bulk", now=NOW + 30 * SECOND)
    # Others wait for what becomes of that one, for a minute.
    assert not breaker.allows("bulk", now=NOW + 30 * SECOND)
    assert not breaker.allows("bulk", now=NOW + 89 * SECOND)
    assert breaker.allows("bulk", now=NOW + 90 * SECOND)
    assert kept("other").open_until == NOW + timedelta(hours=1)


def test_of_two_workers_that_look_at_the_same_moment_one_may_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fail(5)
    look = QuerySet.first
    other: list[bool] = []

    def look_and_be_overtaken(self: "QuerySet[Breaker]") -> Breaker | None:
        found = look(self)
        monkeypatch.setattr(QuerySet, "first", look)
        other.append(breaker.allows("bulk", now=NOW + 30 * SECOND))
        return found

    monkeypatch.setattr(QuerySet, "first", look_and_be_overtaken)

    assert not breaker.allows("bulk", now=NOW + 30 * SECOND)
    assert other == [True]


def test_each_time_it_fails_again_it_is_shut_for_twice_as_long_up_to_a_quarter_of_an_hour() -> None:
    fail(5)
    shut = [(kept().open_until or NOW) - NOW]
    for _probe in range(12):
        assert not breaker.note_failed_probe("bulk", "connection refused", now=NOW)
        shut.append((kept().open_until or NOW) - NOW)

    assert shut == [seconds * SECOND for seconds in (30, 60, 120, 240, 480, *[900] * 8)]


def test_workers_that_were_under_way_when_it_opened_do_not_shut_it_for_longer() -> None:
    fail(5)
    fail(7, at=NOW + SECOND, reason="connection reset")

    assert kept().open_until == NOW + 30 * SECOND
    assert kept().recent.bit_count() == 12
    assert kept().reason == "connection refused"


def test_they_do_not_take_the_turn_of_the_one_that_is_let_in() -> None:
    fail(5)
    assert breaker.allows("bulk", now=NOW + 30 * SECOND)

    fail(at=NOW + 31 * SECOND)

    assert kept().open_until == NOW + 90 * SECOND
    breaker.note_failed_probe("bulk", "connection refused", now=NOW + 32 * SECOND)
    assert kept().open_until == NOW + 92 * SECOND


def test_one_that_was_let_in_and_failed_when_another_had_closed_it_counts_as_any_failure() -> None:
    fail(5)
    breaker.allows("bulk", now=NOW + 30 * SECOND)
    breaker.note_success("bulk")
    Breaker.objects.filter(account="bulk").update(recent=0)

    assert not breaker.note_failed_probe("bulk", "connection refused", now=NOW + 31 * SECOND)

    assert not breaker.is_open("bulk")
    assert kept().failures == 1


def test_an_answer_closes_it_and_the_next_time_it_is_shut_as_for_the_first() -> None:
    fail(6)
    breaker.note_success("bulk")

    now = kept()
    assert (now.failures, now.openings, now.open_until, now.reason) == (0, 0, None, "")
    assert breaker.allows("bulk", now=NOW)
    assert kept("other").failures == 9
    Breaker.objects.filter(account="bulk").update(recent=0)
    fail(5)
    assert kept().open_until == NOW + 30 * SECOND


def test_an_open_breaker_of_which_nothing_else_is_known_is_closed_by_an_answer() -> None:
    Breaker.objects.create(account="bulk", open_until=NOW)

    breaker.note_success("bulk")

    assert not breaker.is_open("bulk")


def test_a_long_reason_is_cut() -> None:
    fail(5, reason="x" * 500)

    assert kept().reason == "x" * 200
