"""A welcome series: each step once, in order, at its day, and never to whoever has withdrawn."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from subscribers import consent, outbox, privacy, returned, sending, series, steps, unsubscribe
from subscribers.models import (
    Newsletter,
    Outbox,
    SeriesMail,
    SeriesPlace,
    SeriesStep,
    Subscriber,
    Subscription,
)
from subscribers.ports import Answer
from subscribers.steps import Written
from subscribers.suppression import Reason, suppress
from tests.subscribers import making
from tests.subscribers.post import Post

pytestmark = [pytest.mark.django_db, pytest.mark.sql]
ANNA = "anna@example.com"
NOW = making.NOW
SUBJECTS = {2: "Where to begin", 5: "How we work", 9: "What to follow"}


def lay(newsletter: Newsletter, days: dict[int, str]) -> list[SeriesStep]:
    """Lay a series out and switch it on."""
    row = [
        steps.add(newsletter, Written(day, subject, "", "Hello **you**."), now=NOW)
        for day, subject in days.items()
    ]
    steps.switch_on(newsletter)
    newsletter.refresh_from_db()
    return row


@pytest.fixture
def row(post: Post) -> list[SeriesStep]:
    """Lay out three steps, beside another newsletter's series and readers of its own."""
    other = making.noise()
    lay(other, {1: "Noise"})
    return lay(making.newsletter(), SUBJECTS)


def pass_days(days: float) -> None:
    """Let the workers do what is due by then."""
    with time_machine.travel(NOW + timedelta(days=days), tick=False):
        now = NOW + timedelta(days=days)
        series.list_lost(now=now)
        series.owe_due(now=now, limit=100)
        sending.send_due()


def got(post: Post) -> list[str]:
    """Return the subjects of the steps that were handed over."""
    return [mail.subject for mail in post.mails if mail.purpose == "step"]


def test_each_step_comes_once_in_order_and_at_its_day(row: list[SeriesStep], post: Post) -> None:
    making.confirmed(ANNA)

    seen = []
    for day in (0, 1.9, 2, 2, 4.9, 5, 9, 9, 40):
        pass_days(day)
        seen.append(len(got(post)))

    assert seen == [0, 0, 1, 1, 1, 2, 3, 3, 3]
    assert got(post) == list(SUBJECTS.values())
    assert [each.accepted for each in steps.of(making.newsletter())] == [1, 1, 1]
    assert SeriesPlace.objects.get(subscription__newsletter=making.newsletter()).next_at is None


def test_a_step_says_why_it_comes_and_how_to_end_it(row: list[SeriesStep], post: Post) -> None:
    making.confirmed(ANNA)

    pass_days(2)

    (mail,) = (each for each in post.mails if each.purpose == "step")
    assert mail.recipient == ANNA
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.headers["List-Unsubscribe"].startswith("<http://testserver/one-click/")
    for part in (mail.text, mail.html):
        assert "1 Example Street" in part
        assert f"{ANNA} confirmed a subscription" in " ".join(part.split())
        assert "/preferences/" in part
        assert "/unsubscribe/" in part


def test_a_reader_of_plain_text_gets_plain_text(row: list[SeriesStep], post: Post) -> None:
    making.confirmed(ANNA)
    Subscriber.objects.filter(address_key=ANNA).update(format="text")

    pass_days(2)

    assert [mail.html for mail in post.mails if mail.purpose == "step"] == [""]


def _leave(reader: Subscription) -> None:
    unsubscribe.by_link(reader.subscriber_id, reader.newsletter_id, origin=consent.NOWHERE, now=NOW)


def _pause(reader: Subscription) -> None:
    Subscription.objects.filter(pk=reader.pk).update(paused_until=date(2099, 1, 1))


def _suppress(reader: Subscription) -> None:
    suppress(ANNA, Reason.MANUAL, now=NOW)


def _erase(reader: Subscription) -> None:
    privacy.erase(ANNA, now=NOW)


WITHDRAWALS = [_leave, _pause, _suppress, _erase]


@pytest.mark.parametrize("withdraw", WITHDRAWALS)
def test_whoever_has_withdrawn_gets_nothing(
    row: list[SeriesStep], post: Post, withdraw: Callable[[Subscription], None]
) -> None:
    withdraw(making.confirmed(ANNA))

    for day in (2, 3, 5, 9, 30):
        pass_days(day)

    assert got(post) == []
    assert not Outbox.objects.filter(purpose="step").exists()


@pytest.mark.parametrize("withdraw", WITHDRAWALS)
def test_whoever_withdraws_when_a_step_is_owed_already_gets_nothing(
    row: list[SeriesStep], post: Post, withdraw: Callable[[Subscription], None]
) -> None:
    reader, now = making.confirmed(ANNA), NOW + timedelta(days=2)
    (owed,) = series.owe_due(now=now, limit=10)

    withdraw(reader)
    with time_machine.travel(now, tick=False):
        sending.send(owed)

    assert got(post) == []
    assert not SeriesMail.objects.exists()
    assert steps.of(making.newsletter())[0].accepted == 0


def test_whoever_comes_back_goes_on_behind_what_they_have_had(
    row: list[SeriesStep], post: Post
) -> None:
    reader = making.confirmed(ANNA)
    pass_days(2)
    _leave(reader)
    pass_days(5)
    making.confirmed(ANNA, now=NOW + timedelta(days=20))

    for day in (20, 22, 24.9, 25, 29, 60):
        pass_days(day)

    assert got(post) == list(SUBJECTS.values())


def test_an_unsubscribe_taken_back_goes_on(row: list[SeriesStep], post: Post) -> None:
    reader = making.confirmed(ANNA)
    _leave(reader)
    pass_days(2)
    unsubscribe.undo(reader.subscriber_id, reader.newsletter_id, origin=consent.NOWHERE, now=NOW)

    pass_days(3)

    assert got(post) == ["Where to begin"]


def test_after_a_pause_steps_that_wait_come_a_day_apart(row: list[SeriesStep], post: Post) -> None:
    reader = making.confirmed(ANNA)
    Subscription.objects.filter(pk=reader.pk).update(paused_until=(NOW + timedelta(days=6)).date())

    for day in (2, 3, 4, 5, 6):
        pass_days(day)
    assert got(post) == ["Where to begin"]
    for day in (6.1, 7, 8, 9):
        pass_days(day)

    assert got(post) == list(SUBJECTS.values())


def test_what_is_two_weeks_late_is_passed_over(row: list[SeriesStep], post: Post) -> None:
    making.confirmed(ANNA)

    pass_days(17)

    assert got(post) == ["How we work"]


def test_a_reader_who_names_a_zone_gets_it_in_the_morning(row: list[SeriesStep]) -> None:
    reader = making.confirmed(ANNA)
    Subscriber.objects.filter(pk=reader.subscriber_id).update(time_zone="America/New_York")
    reader.refresh_from_db()

    assert series.due_at(reader, 2) == datetime(2026, 3, 4, 13, 0, tzinfo=UTC)
    # Behind the change of the clocks, too.
    assert series.due_at(reader, 9) == datetime(2026, 3, 11, 12, 0, tzinfo=UTC)
    reader.subscriber.time_zone = "Nowhere/Land"
    assert series.due_at(reader, 2) == NOW + timedelta(days=2)


def test_who_was_there_before_or_was_written_in_gets_none(post: Post) -> None:
    making.confirmed(ANNA)
    lay(making.newsletter(), SUBJECTS)
    making.subscription("imported@example.com")

    for day in (2, 5, 9):
        pass_days(day)

    assert got(post) == []


def test_a_worker_that_died_with_a_step_leaves_it_unknown(
    row: list[SeriesStep], post: Post
) -> None:
    making.confirmed(ANNA)
    now = NOW + timedelta(days=2)
    (owed,) = series.owe_due(now=now, limit=10)
    outbox.claim(owed, now=now)

    for day in (2.1, 2.2, 5):
        pass_days(day)

    assert got(post) == ["How we work"]
    assert Outbox.objects.get(pk=owed).state == "unknown"
    assert [each.unknown for each in steps.of(making.newsletter())] == [1, 0, 0]


@pytest.mark.parametrize("answer", [Answer("deferred", "x", certain=False), OSError()])
def test_a_step_that_nobody_answered_for_is_unknown_and_not_sent_again(
    row: list[SeriesStep], post: Post, answer: Answer | Exception
) -> None:
    making.confirmed(ANNA)
    post.answers = [Answer("accepted"), answer]
    pass_days(0)

    for day in (2, 2.1, 3):
        pass_days(day)

    assert got(post) == ["Where to begin"]
    assert SeriesMail.objects.get().outcome == "unknown"


def test_a_step_that_is_put_off_comes_later_and_the_next_one_behind_it(
    row: list[SeriesStep], post: Post
) -> None:
    making.confirmed(ANNA)
    post.answers = [Answer("accepted"), *[Answer("deferred", "451")] * 3, Answer("rejected", "550")]
    pass_days(0)

    for minutes in (0, 2, 8):
        pass_days(2 + minutes / 1440)
    # The server is away for days: what comes next waits for what is owed.
    now = NOW + timedelta(days=5)
    assert series.owe_due(now=now, limit=10) == []
    pass_days(5)
    pass_days(5.1)

    assert got(post) == ["Where to begin"] * 4 + ["How we work"]
    assert [each.rejected for each in steps.of(making.newsletter())] == [1, 0, 0]


def test_the_great_switch_holds_it_and_nothing_is_lost(row: list[SeriesStep], post: Post) -> None:
    making.confirmed(ANNA)
    now = NOW + timedelta(days=2)
    (owed,) = series.owe_due(now=now, limit=10)
    post.holds = "a person said so"
    with time_machine.travel(now, tick=False):
        sending.send(owed)
    for day in (2, 3, 4):
        pass_days(day)
    assert got(post) == []

    post.holds = ""
    pass_days(4.5)

    assert got(post) == ["Where to begin"]


def test_switched_off_nothing_leaves_and_switched_on_it_goes_on(
    row: list[SeriesStep], post: Post
) -> None:
    making.confirmed(ANNA)
    (owed,) = series.owe_due(now=NOW + timedelta(days=2), limit=10)
    steps.switch_off(making.newsletter())
    with time_machine.travel(NOW + timedelta(days=2), tick=False):
        sending.send(owed)
    making.confirmed("later@example.com", now=NOW + timedelta(days=2))
    pass_days(3)
    assert got(post) == []

    steps.switch_on(making.newsletter())
    for day in (4, 5, 9):
        pass_days(day)

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
    making.confirmed(ANNA)
    pass_days(2)
    first = row[0]

    steps.change(first, Written(2, "Begin here", "", "Anew."), now=NOW + timedelta(days=3))
    making.confirmed("bert@example.com", now=NOW + timedelta(days=3))
    pass_days(5)

    told = [(mail.recipient, mail.subject) for mail in post.mails if mail.purpose == "step"]
    assert told[0] == (ANNA, "Where to begin")
    assert set(told[1:]) == {("bert@example.com", "Begin here"), (ANNA, "How we work")}


def test_a_step_moved_behind_is_not_given_again(row: list[SeriesStep], post: Post) -> None:
    making.confirmed(ANNA)
    pass_days(2)

    now = NOW + timedelta(days=3)
    assert steps.move(row[0], 1, now=now)
    assert [step.subject for step in steps.of(making.newsletter())][:2] == [
        "How we work",
        "Where to begin",
    ]
    assert not steps.move(steps.of(making.newsletter())[0], -1, now=now)
    for day in (5, 9, 12):
        pass_days(day)

    # Nor is the one that stands before it now: a reader goes forward only.
    assert got(post) == ["Where to begin", "What to follow"]


def test_a_step_taken_out_is_not_given_any_more(row: list[SeriesStep], post: Post) -> None:
    making.confirmed(ANNA)
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
    making.confirmed("old@example.com", now=NOW - timedelta(days=30))
    making.confirmed(ANNA)
    for day in (2, 5, 9):
        pass_days(day)
    before = len(got(post))

    steps.add(making.newsletter(), Written(12, "And now", "", "Go."), now=NOW + timedelta(days=9))
    for day in (9, 10, 12, 13):
        pass_days(day)

    assert [mail.recipient for mail in post.mails[-(len(got(post)) - before) :]] == [ANNA]


def test_two_steps_cannot_have_one_day(row: list[SeriesStep]) -> None:
    with pytest.raises(steps.DayTakenError):
        steps.add(making.newsletter(), Written(5, "Again", "", "B"), now=NOW)
    with pytest.raises(steps.DayTakenError):
        steps.change(row[0], Written(9, "Again", "", "B"), now=NOW)
    steps.remove(row[1], now=NOW)
    steps.add(making.newsletter(), Written(5, "Again", "", "B"), now=NOW)


def test_whoever_leaves_is_counted_for_the_step_before(row: list[SeriesStep], post: Post) -> None:
    early, late = making.confirmed(ANNA), making.confirmed("late@example.com")
    pass_days(2)
    where = {"origin": consent.NOWHERE}
    day = timedelta(days=1)
    unsubscribe.one_click(early.subscriber_id, early.newsletter_id, now=NOW + 3 * day, **where)
    unsubscribe.one_click(late.subscriber_id, late.newsletter_id, now=NOW + 40 * day, **where)

    assert [each.left for each in steps.of(making.newsletter())] == [1, 0, 0]


def test_the_reader_is_told_of_it_and_an_erasure_takes_it_away(
    row: list[SeriesStep], post: Post
) -> None:
    making.confirmed(ANNA)
    pass_days(2)

    told = privacy.export(ANNA)["welcome_series"]
    privacy.erase(ANNA, now=NOW + timedelta(days=3))

    assert [(each["subject"], str(each["outcome"])) for each in told] == [
        ("Where to begin", "accepted")
    ]
    assert not SeriesPlace.objects.filter(newsletter=making.newsletter()).exists()
    assert steps.of(making.newsletter())[0].accepted == 1


def test_a_step_that_bounces_suppresses_its_mailbox(row: list[SeriesStep], post: Post) -> None:
    making.confirmed(ANNA)
    pass_days(2)
    owed = Outbox.objects.get(purpose="step")

    assert returned.bounced(owed.pk, code="5.1.1", now=NOW + timedelta(days=2))
    pass_days(5)

    assert got(post) == ["Where to begin"]


def test_what_came_due_before_a_backup_is_listed_and_not_sent(
    row: list[SeriesStep], post: Post
) -> None:
    making.confirmed(ANNA)
    (owed,) = series.owe_due(now=NOW + timedelta(days=2), limit=10)

    assert series.doubt(now=NOW + timedelta(days=6)) == 1
    assert series.doubt(now=NOW + timedelta(days=6)) == 0
    assert Outbox.objects.get(pk=owed).state == "unknown"
    for day in (6, 7, 9):
        pass_days(day)

    assert got(post) == ["What to follow"]
    assert [each.unknown for each in steps.of(making.newsletter())] == [1, 1, 0]
