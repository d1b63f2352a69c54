"""How fast an account may send: by its limits, by what it was told, by its age."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pytest_django import Settings

from briefing.dispatch import throttle, warming
from briefing.dispatch.throttle import Grant
from briefing.limits import WarmUp
from briefing.models import Allowance, Bucket

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, 30, 15, 7, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _somebody_elses_limits(settings: Settings) -> None:
    """Another account and another lane are exhausted: no test's own rule may look at them."""
    settings.RATES, settings.WARM_UP = {"other": 1.0, "bulk/slow.example": 1.0}, {}
    for account, lane in (("other", ""), ("other", "mail.example"), ("bulk", "slow.example")):
        free_at = NOW + timedelta(hours=1)
        Bucket.objects.create(account=account, lane=lane, free_at=free_at, slowdown=64.0)
    Allowance.objects.create(account="other", day=NOW.date(), used=9)


def bucket(lane: str = "") -> Bucket:
    return Bucket.objects.get(account="bulk", lane=lane)


def take(number: int, *, lane: str = "", at: datetime = NOW) -> Grant:
    return throttle.take("bulk", lane, number, now=at)


# ------------------------------------------------------------------------------- without limits
def test_an_account_without_limits_takes_what_it_wants_and_leaves_no_trace() -> None:
    assert take(10_000, lane="mail.example") == Grant(granted=True, limited=False)
    assert not Bucket.objects.filter(account="bulk").exclude(lane="slow.example").exists()
    assert not Allowance.objects.filter(account="bulk").exists()


# ------------------------------------------------------------------------------ what was configured
def test_a_second_may_run_ahead_and_then_the_limit_holds(settings: Settings) -> None:
    settings.RATES = {"bulk": 10.0}

    assert take(10) == Grant(granted=True)
    assert bucket().free_at == NOW + SECOND
    assert take(5) == Grant(granted=True)
    assert take(1) == Grant(granted=False, wait=timedelta(seconds=0.5))
    assert bucket().free_at == NOW + 1.5 * SECOND


def test_what_was_waited_for_is_granted(settings: Settings) -> None:
    settings.RATES = {"bulk": 10.0}
    take(30)

    refused = take(1)
    assert refused.wait == 2 * SECOND
    assert take(1, at=NOW + refused.wait).granted


def test_a_wait_is_never_so_short_that_asking_again_is_in_vain(settings: Settings) -> None:
    settings.RATES = {"bulk": 10.0}
    Bucket.objects.create(
        account="bulk", free_at=NOW + SECOND + timedelta(milliseconds=1), slowdown=1.0
    )

    assert take(1) == Grant(granted=False, wait=timedelta(milliseconds=50))


def test_time_that_nobody_used_is_not_saved_up(settings: Settings) -> None:
    settings.RATES = {"bulk": 10.0}
    take(10)

    take(10, at=NOW + timedelta(hours=1))

    assert bucket().free_at == NOW + timedelta(hours=1) + SECOND


def test_a_lane_has_a_limit_of_its_own_beside_the_accounts(settings: Settings) -> None:
    settings.RATES = {"bulk": 100.0, "bulk/mail.example": 10.0}

    assert take(20, lane="mail.example").granted
    refused = take(20, lane="mail.example")

    assert refused == Grant(granted=False, wait=SECOND)
    assert bucket("mail.example").free_at == NOW + 2 * SECOND
    # What the account had granted was given back.
    assert bucket().free_at == NOW + 0.2 * SECOND
    assert take(20, lane="another.example").granted


def test_a_lane_whose_account_is_exhausted_takes_nothing(settings: Settings) -> None:
    settings.RATES = {"bulk": 10.0, "bulk/mail.example": 100.0}
    take(30)

    assert take(1, lane="mail.example").wait == 2 * SECOND
    assert not Bucket.objects.filter(account="bulk", lane="mail.example").exists()


def test_what_never_left_is_given_back(settings: Settings) -> None:
    settings.RATES = {"bulk": 10.0}
    take(20)

    throttle.give_back("bulk", "", 5)
    throttle.give_back("bulk", "mail.example", 5)

    assert bucket().free_at == NOW + 1.5 * SECOND
    assert Bucket.objects.get(account="other", lane="").free_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("rates", "preferred", "size"),
    [
        ({}, None, 100),
        ({}, 500, 500),
        ({"bulk": 40.0}, None, 40),
        ({"bulk": 40.0, "bulk/mail.example": 7.5}, 500, 7),
        ({"bulk": 40.0, "bulk/mail.example": 60.0}, 500, 40),
        ({"bulk": 0.2}, None, 1),
        ({"other": 1.0, "bulk/another.example": 1.0}, None, 100),
    ],
)
def test_a_group_is_no_larger_than_a_seconds_worth(
    rates: dict[str, float], preferred: int | None, size: int, settings: Settings
) -> None:
    settings.RATES, settings.GROUP_SIZE = rates, 100

    assert throttle.group_size("bulk", "mail.example", preferred=preferred, now=NOW) == size


@pytest.mark.parametrize(
    ("lane", "slowdown", "per_second"),
    [
        ("", 1.0, 10.0),
        ("", 4.0, 2.5),
        ("mail.example", 1.0, None),
        ("mail.example", 1.25, 160.0),
        ("mail.example", 2.0, 100.0),
    ],
)
def test_a_lane_without_a_limit_is_slowed_from_two_hundred_a_second(
    lane: str, slowdown: float, per_second: float | None, settings: Settings
) -> None:
    settings.RATES = {"bulk": 10.0}

    assert throttle.current_rate("bulk", lane, slowdown) == per_second


# ----------------------------------------------------------------------------- what it was told
def test_an_account_that_was_told_to_wait_rests_for_as_long() -> None:
    throttle.hold_for("bulk", seconds=30, now=NOW)

    assert take(1) == Grant(granted=False, wait=30 * SECOND)
    assert take(1, lane="mail.example").wait == 30 * SECOND
    assert take(1, at=NOW + 30 * SECOND) == Grant(granted=True, limited=False)


def test_a_shorter_rest_does_not_end_a_longer_one_and_none_is_longer_than_an_hour() -> None:
    throttle.hold_for("bulk", seconds=30, now=NOW)
    throttle.hold_for("bulk", seconds=10, now=NOW)
    assert bucket().free_at == NOW + 30 * SECOND

    throttle.hold_for("bulk", seconds=86_400, now=NOW)
    assert bucket().free_at == NOW + timedelta(hours=1)


def note(deferred: int, total: int, lane: str = "mail.example") -> None:
    throttle.note_answers("bulk", lane, deferred=deferred, total=total)


def test_a_lane_that_defers_three_in_ten_is_halved_each_time_and_recovers_group_by_group() -> None:
    note(30, 100)
    assert bucket("mail.example").slowdown == 2.0
    note(100, 100)
    assert bucket("mail.example").slowdown == 4.0

    note(29, 100)
    assert bucket("mail.example").slowdown == pytest.approx(2.8)
    for _group in range(3):
        note(0, 100)
    assert bucket("mail.example").slowdown == 1.0
    assert bucket("slow.example").slowdown == 64.0


def test_a_slowed_lane_takes_less_and_says_so() -> None:
    note(100, 100)

    assert take(200, lane="mail.example") == Grant(granted=True)
    assert take(1, lane="mail.example") == Grant(granted=False, wait=SECOND)
    assert take(1, lane="another.example") == Grant(granted=True, limited=False)


def test_a_lane_is_slowed_to_a_thousandth_and_no_further() -> None:
    for _group in range(12):
        note(1, 1)

    assert bucket("mail.example").slowdown == 1024.0


def test_a_lane_that_was_slowed_for_the_first_time_need_not_wait_for_it() -> None:
    note(1, 1)

    assert bucket("mail.example").free_at < NOW


def test_without_answers_nothing_is_learnt() -> None:
    note(0, 0)
    note(0, 0, lane="")

    assert not Bucket.objects.filter(account="bulk").exclude(lane="slow.example").exists()


# ------------------------------------------------------------------------------------- its age
PLAN = WarmUp(start=date(2026, 3, 1), first=50, growth=2.0, days=3)


@pytest.mark.parametrize(
    ("day", "limit"),
    [(date(2026, 2, 28), 0), (PLAN.start, 50), (date(2026, 3, 2), 100), (date(2026, 3, 3), 200)],
)
def test_a_new_account_may_send_a_little_more_each_day(
    day: date, limit: int, settings: Settings
) -> None:
    settings.WARM_UP = {"bulk": PLAN}
    at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)

    assert warming.limit("bulk", now=at) == limit


def test_behind_its_plan_an_account_is_warm(settings: Settings) -> None:
    settings.WARM_UP = {"bulk": PLAN}

    assert warming.limit("bulk", now=datetime(2026, 3, 4, tzinfo=UTC)) is None
    assert warming.limit("transactional", now=NOW) is None


def used() -> int:
    return Allowance.objects.get(account="bulk", day=NOW.date()).used


def test_what_a_day_allows_is_taken_to_the_last_and_then_comes_the_next(
    settings: Settings,
) -> None:
    settings.WARM_UP = {"bulk": PLAN}

    assert take(60) == Grant(granted=True)
    assert take(40).granted
    refused = take(1)

    assert not refused.granted
    assert NOW + refused.wait == datetime(2026, 3, 3, tzinfo=UTC)
    assert used() == 100
    assert take(1, at=NOW + refused.wait).granted


@pytest.mark.parametrize("lane", ["", "mail.example"])
def test_what_another_limit_refuses_is_not_taken_from_the_days_allowance(
    lane: str, settings: Settings
) -> None:
    settings.WARM_UP = {"bulk": PLAN}
    settings.RATES = {f"bulk/{lane}" if lane else "bulk": 10.0}
    assert take(20, lane=lane).granted

    assert not take(20, lane=lane).granted

    assert used() == 20
    assert Allowance.objects.get(account="other").used == 9


@pytest.mark.parametrize(
    ("used", "preferred", "size"), [(0, None, 100), (0, 30, 30), (60, None, 40), (100, None, 1)]
)
def test_a_group_is_no_larger_than_what_is_left_of_a_day_of_the_warm_up(
    used: int, preferred: int | None, size: int, settings: Settings
) -> None:
    settings.WARM_UP, settings.RATES, settings.GROUP_SIZE = {"bulk": PLAN}, {}, 250
    assert take(used).granted

    assert throttle.group_size("bulk", "", preferred=preferred, now=NOW) == size
