"""A welcome series: each step once, in order, at its day, and never to whoever has withdrawn."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from subscribers import consent, privacy, sending, series, steps, unsubscribe
from subscribers.models import Outbox, SeriesMail, SeriesPlace, SeriesStep, Subscriber, Subscription
from subscribers.steps import Written
from subscribers.suppression import Reason, suppress
from tests.subscribers import making
from tests.subscribers.post import Post
from tests.subscribers.welcoming import ANNA, NOW, SUBJECTS, begun, got, laid_out, pass_days

pytestmark = [pytest.mark.django_db, pytest.mark.sql]


def test_each_step_comes_once_in_order_and_at_its_day(row: list[SeriesStep], post: Post) -> None:
    begun()

    seen = []
    for day in (0, 1.9, 2, 2, 4.9, 5, 9, 9, 40):
        pass_days(day)
        seen.append(len(got(post)))

    assert seen == [0, 0, 1, 1, 1, 2, 3, 3, 3]
    assert got(post) == list(SUBJECTS.values())
    assert [each.accepted for each in laid_out()] == [1, 1, 1]
    assert SeriesPlace.objects.get(subscription__newsletter=making.newsletter()).next_at is None


def test_a_step_says_why_it_comes_and_how_to_end_it(row: list[SeriesStep], post: Post) -> None:
    begun()

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
    begun()
    Subscriber.objects.filter(address_key=ANNA).update(format="text")

    pass_days(2)

    assert [mail.html for mail in post.mails if mail.purpose == "step"] == [""]


def _leave(reader: Subscription, now: datetime = NOW) -> None:
    unsubscribe.by_link(reader.subscriber_id, reader.newsletter_id, origin=consent.NOWHERE, now=now)


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
    withdraw(begun())

    pass_days(2, 3, 5, 9, 30)

    assert got(post) == []
    assert not Outbox.objects.filter(purpose="step").exists()


@pytest.mark.parametrize("withdraw", WITHDRAWALS)
def test_whoever_withdraws_when_a_step_is_owed_already_gets_nothing(
    row: list[SeriesStep], post: Post, withdraw: Callable[[Subscription], None]
) -> None:
    reader, now = begun(), NOW + timedelta(days=2)
    (owed,) = series.owe_due(now=now, limit=10)

    withdraw(reader)
    with time_machine.travel(now, tick=False):
        sending.send(owed)

    assert got(post) == []
    assert not SeriesMail.objects.exists()
    assert laid_out()[0].accepted == 0


def test_whoever_comes_back_goes_on_behind_what_they_have_had(
    row: list[SeriesStep], post: Post
) -> None:
    reader = making.confirmed(ANNA)
    pass_days(2)
    _leave(reader)
    pass_days(5)
    making.confirmed(ANNA, now=NOW + timedelta(days=20))

    pass_days(20, 22, 24.9, 25, 29, 60)

    assert got(post) == list(SUBJECTS.values())


def test_an_unsubscribe_taken_back_goes_on(row: list[SeriesStep], post: Post) -> None:
    reader = begun()
    _leave(reader)
    pass_days(2)
    unsubscribe.undo(reader.subscriber_id, reader.newsletter_id, origin=consent.NOWHERE, now=NOW)

    pass_days(3)

    assert got(post) == ["Where to begin"]


def test_after_a_pause_steps_that_wait_come_a_day_apart(row: list[SeriesStep], post: Post) -> None:
    reader = begun()
    Subscription.objects.filter(pk=reader.pk).update(paused_until=(NOW + timedelta(days=6)).date())

    pass_days(2, 3, 4, 5, 6)
    assert got(post) == ["Where to begin"]
    pass_days(6.1, 7, 8, 9)

    assert got(post) == list(SUBJECTS.values())


def test_what_waits_stays_a_day_apart_when_an_editor_lays_out_anew(
    row: list[SeriesStep], post: Post
) -> None:
    reader = begun()
    Subscription.objects.filter(pk=reader.pk).update(paused_until=(NOW + timedelta(days=6)).date())
    pass_days(2, 6)

    later = Written(30, "What is left", "", "Hello.")
    steps.add(reader.newsletter, later, now=NOW + timedelta(days=6, hours=1))
    pass_days(6.1, 6.2, 6.8)
    assert got(post) == ["Where to begin"]
    pass_days(6.9)

    assert got(post) == ["Where to begin", "How we work"]


def test_what_is_two_weeks_late_is_passed_over(row: list[SeriesStep], post: Post) -> None:
    begun()

    pass_days(17)

    assert got(post) == ["How we work"]


def test_a_reader_who_names_a_zone_gets_it_in_the_morning(row: list[SeriesStep]) -> None:
    reader = begun()
    Subscriber.objects.filter(pk=reader.subscriber_id).update(time_zone="America/New_York")
    reader.refresh_from_db()

    assert series.due_at(reader, 2) == datetime(2026, 3, 4, 13, 0, tzinfo=UTC)
    # Behind the change of the clocks, too.
    assert series.due_at(reader, 9) == datetime(2026, 3, 11, 12, 0, tzinfo=UTC)
    reader.subscriber.time_zone = "Nowhere/Land"
    assert series.due_at(reader, 2) == NOW + timedelta(days=2)


def test_whoever_leaves_is_counted_for_the_step_before(row: list[SeriesStep], post: Post) -> None:
    early, late = begun(), begun("late@example.com")
    pass_days(2)
    where = {"origin": consent.NOWHERE}
    day = timedelta(days=1)
    unsubscribe.one_click(early.subscriber_id, early.newsletter_id, now=NOW + 3 * day, **where)
    unsubscribe.one_click(late.subscriber_id, late.newsletter_id, now=NOW + 40 * day, **where)

    assert [each.left for each in laid_out()] == [1, 0, 0]


def test_nobody_leaves_because_of_a_step_that_has_not_gone_yet(
    row: list[SeriesStep], post: Post
) -> None:
    reader = begun()
    pass_days(2)
    series.owe_due(now=NOW + timedelta(days=5), limit=10)

    _leave(reader, now=NOW + timedelta(days=5))

    assert [each.left for each in laid_out()] == [1, 0, 0]


def test_the_reader_is_told_of_it_and_an_erasure_takes_it_away(
    row: list[SeriesStep], post: Post
) -> None:
    begun()
    pass_days(2)

    told = privacy.export(ANNA)["welcome_series"]
    privacy.erase(ANNA, now=NOW + timedelta(days=3))

    assert [(each["subject"], str(each["outcome"])) for each in told] == [
        ("Where to begin", "accepted")
    ]
    assert not SeriesPlace.objects.filter(newsletter=making.newsletter()).exists()
    assert laid_out()[0].accepted == 1
