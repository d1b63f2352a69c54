"""Who is among the first, and what their figures say: no database, no clock."""

import pytest

from briefing.dispatch import sampling
from briefing.dispatch.judging import Figures, judged, reason, winner
from briefing.dispatch.sampling import Sample, canary_share


@pytest.mark.parametrize(
    ("readers", "first"),
    [(200, 50), (5_000, 50), (48_112, 481), (500_000, 5_000), (10_000_000, 5_000)],
)
def test_a_canary_is_one_in_a_hundred_between_50_and_5000(readers: int, first: int) -> None:
    assert round(readers * canary_share(readers)) == first


def test_the_first_are_drawn_by_lot_and_always_the_same() -> None:
    sample = Sample(dispatch_id=7, share=0.1)
    first = [reader for reader in range(1, 20_001) if sample.arm_of(reader)]
    assert 1_800 < len(first) < 2_200
    # Not the oldest ones: each half of the numbers has its share.
    assert 850 < sum(reader > 10_000 for reader in first) < 1_150
    assert first == [reader for reader in range(1, 20_001) if sample.arm_of(reader)]
    other = Sample(dispatch_id=8, share=0.1)
    assert 130 < sum(other.arm_of(reader) is not None for reader in first) < 270


@pytest.mark.parametrize(
    ("figures", "why"),
    [
        (Figures(readers=480, accepted=480), ""),
        # Two of fifty are four in a hundred, and tell nothing.
        (Figures(readers=50, accepted=48, rejected=2), ""),
        (Figures(readers=50, accepted=48, rejected=2, bounced=1), "failed"),
        (Figures(readers=480, accepted=470, rejected=10, bounced=4), ""),
        (Figures(readers=480, accepted=470, rejected=10, bounced=5), "failed"),
        (Figures(readers=50, accepted=50, complained=1), ""),
        (Figures(readers=50, accepted=50, complained=2), "complained"),
        (Figures(readers=5_000, accepted=5_000, complained=15), ""),
        (Figures(readers=5_000, accepted=5_000, complained=16), "complained"),
    ],
)
def test_each_limit_is_a_share_and_a_number(figures: Figures, why: str) -> None:
    assert judged(figures, all_in=True).why == why
    assert not why or reason(judged(figures, all_in=True))


def test_too_few_answers_are_only_too_few_once_all_could_have_come() -> None:
    few = Figures(readers=50, accepted=24)
    assert judged(few, all_in=False).why == ""
    told = judged(few, all_in=True)
    assert reason(told) == "Only 24 of 50 first copies were accepted."
    assert judged(Figures(readers=50, accepted=25), all_in=True).why == ""


@pytest.mark.parametrize(
    ("clicks_a", "clicks_b", "won"),
    [(10, 11, "b"), (11, 10, "a"), (10, 10, "a"), (0, 19, "a"), (0, 20, "b")],
)
def test_of_two_subjects_the_one_that_more_people_clicked_on_wins(
    clicks_a: int, clicks_b: int, won: str
) -> None:
    told = Figures(copies_a=100, clicks_a=clicks_a, copies_b=100, clicks_b=clicks_b)
    assert winner(told) == won


def test_what_counts_is_the_rate_and_not_the_number() -> None:
    assert winner(Figures(copies_a=200, clicks_a=20, copies_b=100, clicks_b=15)) == "b"


def test_each_subject_has_its_own_tenth() -> None:
    sample = Sample(7, sampling.subject_share(5_000), ("a", "b"))
    arms = [sample.arm_of(reader) for reader in range(10_000)]
    assert (850 < arms.count("a") < 1_150, 850 < arms.count("b") < 1_150) == (True, True)
    assert round(1_000_000 * sampling.subject_share(1_000_000)) == 20_000


def test_of_nothing_there_is_no_share() -> None:
    none = Figures(readers=5, bounced=3, complained=2)

    assert (none.failed_share, none.complained_share, none.rate_a, none.rate_b) == (0, 0, 0, 0)
    assert judged(none, all_in=False).why == ""


def test_complaints_are_said_in_a_sentence() -> None:
    figures = judged(Figures(readers=50, accepted=50, complained=2), all_in=False)

    assert reason(figures) == "2 of 50 first readers complained."
