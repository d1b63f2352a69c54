"""When it will be over: a range that widens with what is not known, and no false precision."""

import pytest

from briefing.admin.going import in_words
from briefing.dispatch.estimate import Pace, TimeLeft, time_left


def test_the_range_holds_the_time_at_the_pace_so_far() -> None:
    left = time_left(Pace(1000, 9000, 100.0), [])

    # 900 seconds, a little less or half as much again.
    assert left == TimeLeft(least=720.0, most=1350.0)


@pytest.mark.parametrize(
    "whole", [Pace(0, 9000, 60.0), Pace(99, 9000, 60.0), Pace(5000, 9000, 9.9)]
)
def test_a_pace_that_says_nothing_yet_gives_no_end(whole: Pace) -> None:
    assert time_left(whole, []) is None


def test_a_hundred_readers_in_ten_seconds_are_enough_and_so_are_all_of_a_few() -> None:
    assert time_left(Pace(100, 9000, 10.0), [])
    assert time_left(Pace(20, 20, 10.0), [])


def test_the_slowest_lane_is_what_it_waits_for() -> None:
    alone = time_left(Pace(1000, 1000, 100.0), [])
    beside = time_left(Pace(1000, 1000, 100.0), [Pace(10, 500, 100.0), Pace(990, 500, 100.0)])

    assert alone is not None
    assert beside is not None
    assert beside.least == alone.least
    assert beside.most >= 5000


def test_a_lane_that_stands_still_has_no_end() -> None:
    assert time_left(Pace(1000, 1000, 100.0), [Pace(0, 500, 100.0)]) is None
    assert time_left(Pace(1000, 1000, 100.0), [Pace(0, 0, 100.0)]) is not None


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (None, "When it will be over is not known yet."),
        (TimeLeft(10, 40), "Over in less than a minute, probably."),
        (TimeLeft(50, 110), "Over in at most 2 minutes, probably."),
        (TimeLeft(130, 290), "Over in 2 to 5 minutes, probably."),
        (TimeLeft(9000, 19000), "Over in 2 to 6 hours, probably."),
    ],
)
def test_it_is_said_as_a_person_would_say_it(left: TimeLeft | None, said: str) -> None:
    assert in_words(left) == said
