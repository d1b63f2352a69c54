"""A step that may have gone is never sent again; one that has not gone comes later, in order."""

from datetime import timedelta

import pytest

from subscribers import outbox, returned, series
from subscribers.models import Outbox, SeriesMail, SeriesStep
from subscribers.ports import Answer
from tests.subscribers.post import Post
from tests.subscribers.welcoming import NOW, begun, got, laid_out, pass_days

pytestmark = [pytest.mark.django_db, pytest.mark.sql]


def test_a_worker_that_died_with_a_step_leaves_it_unknown(
    row: list[SeriesStep], post: Post
) -> None:
    begun()
    now = NOW + timedelta(days=2)
    (owed,) = series.owe_due(now=now, limit=10)
    outbox.claim(owed, now=now)

    pass_days(2.1, 2.2, 5)

    assert got(post) == ["How we work"]
    assert Outbox.objects.get(pk=owed).state == "unknown"
    assert [each.unknown for each in laid_out()] == [1, 0, 0]


@pytest.mark.parametrize("answer", [Answer("deferred", "x", certain=False), OSError()])
def test_a_step_that_nobody_answered_for_is_unknown_and_not_sent_again(
    row: list[SeriesStep], post: Post, answer: Answer | Exception
) -> None:
    begun()
    post.answers = [answer]

    pass_days(2, 2.1, 3)

    assert got(post) == ["Where to begin"]
    assert SeriesMail.objects.get().outcome == "unknown"


def test_a_step_that_is_put_off_comes_later_and_the_next_one_behind_it(
    row: list[SeriesStep], post: Post
) -> None:
    begun()
    post.answers = [*[Answer("deferred", "451")] * 3, Answer("rejected", "550")]

    for minutes in (0, 2, 8):
        pass_days(2 + minutes / 1440)
    # The server is away for days: what comes next waits for what is owed.
    now = NOW + timedelta(days=5)
    assert series.owe_due(now=now, limit=10) == []
    pass_days(5, 5.1)

    assert got(post) == ["Where to begin"] * 4 + ["How we work"]
    assert [each.rejected for each in laid_out()] == [1, 0, 0]


def test_a_step_that_bounces_suppresses_its_mailbox(row: list[SeriesStep], post: Post) -> None:
    begun()
    pass_days(2)
    owed = Outbox.objects.get(purpose="step")

    assert returned.bounced(owed.pk, code="5.1.1", now=NOW + timedelta(days=2))
    pass_days(5)

    assert got(post) == ["Where to begin"]


def test_what_came_due_before_a_backup_is_listed_and_not_sent(
    row: list[SeriesStep], post: Post
) -> None:
    begun()
    (owed,) = series.owe_due(now=NOW + timedelta(days=2), limit=10)

    assert series.doubt(now=NOW + timedelta(days=6)) == 1
    assert series.doubt(now=NOW + timedelta(days=6)) == 0
    assert Outbox.objects.get(pk=owed).state == "unknown"
    pass_days(6, 7, 9)

    assert got(post) == ["What to follow"]
    assert [each.unknown for each in laid_out()] == [1, 1, 0]
