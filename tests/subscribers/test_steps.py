"""What editors do to a welcome series: order, change, take out, switch; and whom it still reaches."""

from datetime import timedelta

import pytest
import time_machine

from subscribers import sending, series, steps
from subscribers.models import SeriesStep
from subscribers.steps import Written
from tests.subscribers import making
from tests.subscribers.post import Post
from tests.subscribers.welcoming import ANNA, NOW, SUBJECTS, begun, got, laid_out, lay, pass_days

pytestmark = [pytest.mark.django_db, pytest.mark.sql]


def test_who_was_there_before_or_was_written_in_gets_none(post: Post) -> None:
    begun()
    lay(making.newsletter(), SUBJECTS)
    making.subscription("imported@example.com")

    pass_days(2, 5, 9)

    assert got(post) == []


def test_the_great_switch_holds_it_and_nothing_is_lost(row: list[SeriesStep], post: Post) -> None:
    begun()
    now = NOW + timedelta(days=2)
    (owed,) = series.owe_due(now=now, limit=10)
    post.holds = "a person said so"
    with time_machine.travel(now, tick=False):
        sending.send(owed)
    pass_days(2, 3, 4)
    assert got(post) == []

    post.holds = ""
    pass_days(4.5)

    assert got(post) == ["Where to begin"]


def test_switched_off_nothing_leaves_and_switched_on_it_goes_on(
    row: list[SeriesStep], post: Post
) -> None:
    begun()
    (owed,) = series.owe_due(now=NOW + timedelta(days=2), limit=10)
    steps.switch_off(making.newsletter())
    with time_machine.travel(NOW + timedelta(days=2), tick=False):
        sending.send(owed)
    begun("later@example.com", now=NOW + timedelta(days=2))
    pass_days(3)
    assert got(post) == []

    steps.switch_on(making.newsletter())
    pass_days(4, 5, 9)

    assert got(post) == list(SUBJECTS.values())
    assert {mail.recipient for mail in post.mails if mail.purpose == "step"} == {ANNA}


def test_nothing_is_switched_on_that_cannot_be_sent(post: Post) -> None:
    bare = making.newsletter()
    with pytest.raises(steps.CannotStartError):
        steps.switch_on(bare)
    nowhere = making.newsletter("nowhere", name="Nowhere", postal_address=" ")
    steps.add(nowhere, Written(1, "A", "", "B"), now=NOW)

    with pytest.raises(steps.CannotStartError):
        steps.switch_on(nowhere)


def test_an_edit_reaches_only_those_who_have_not_had_it(row: list[SeriesStep], post: Post) -> None:
    begun()
    pass_days(2)
    first = row[0]

    steps.change(first, Written(2, "Begin here", "", "Anew."), now=NOW + timedelta(days=3))
    begun("bert@example.com", now=NOW + timedelta(days=3))
    pass_days(5)

    told = [(mail.recipient, mail.subject) for mail in post.mails if mail.purpose == "step"]
    assert told[0] == (ANNA, "Where to begin")
    assert set(told[1:]) == {("bert@example.com", "Begin here"), (ANNA, "How we work")}


def test_a_step_moved_behind_is_not_given_again(row: list[SeriesStep], post: Post) -> None:
    begun()
    pass_days(2)

    now = NOW + timedelta(days=3)
    assert steps.move(row[0], 1, now=now)
    assert [step.subject for step in laid_out()][:2] == [
        "How we work",
        "Where to begin",
    ]
    assert not steps.move(laid_out()[0], -1, now=now)
    pass_days(5, 9, 12)

    # Nor is the one that stands before it now: a reader goes forward only.
    assert got(post) == ["Where to begin", "What to follow"]


def test_a_step_taken_out_is_not_given_any_more(row: list[SeriesStep], post: Post) -> None:
    begun()
    (owed,) = series.owe_due(now=NOW + timedelta(days=2), limit=10)

    steps.remove(row[0], now=NOW)
    with time_machine.travel(NOW + timedelta(days=2), tick=False):
        sending.send(owed)
    pass_days(2.1)
    pass_days(5)

    assert got(post) == ["How we work"]


def test_a_step_added_at_the_end_reaches_those_whose_day_is_to_come(
    row: list[SeriesStep], post: Post
) -> None:
    begun("old@example.com", now=NOW - timedelta(days=30))
    begun()
    pass_days(2, 5, 9)
    before = len(got(post))

    steps.add(making.newsletter(), Written(12, "And now", "", "Go."), now=NOW + timedelta(days=9))
    pass_days(9, 10, 12, 13)

    assert [mail.recipient for mail in post.mails[-(len(got(post)) - before) :]] == [ANNA]


def test_two_steps_cannot_have_one_day(row: list[SeriesStep]) -> None:
    with pytest.raises(steps.DayTakenError):
        steps.add(making.newsletter(), Written(5, "Again", "", "B"), now=NOW)
    with pytest.raises(steps.DayTakenError):
        steps.change(row[0], Written(9, "Again", "", "B"), now=NOW)
    steps.remove(row[1], now=NOW)
    steps.add(making.newsletter(), Written(5, "Again", "", "B"), now=NOW)
