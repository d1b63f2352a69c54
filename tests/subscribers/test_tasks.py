"""The sweep: it does what nobody was rung for, and keeps nobody waiting who was."""

from datetime import timedelta

import pytest
from django.utils import timezone

from subscribers import sending, signup, tasks
from subscribers.models import Outbox, SignupRequest
from tests.subscribers import making
from tests.subscribers.post import Post

pytestmark = pytest.mark.django_db


def _asked(number: int, *, seconds_ago: float) -> SignupRequest:
    wish = making.wish(f"reader{number}@example.com")
    return signup.request(wish, now=timezone.now() - timedelta(seconds=seconds_ago))


def test_the_sweep_leaves_what_has_a_ring_on_the_way(post: Post) -> None:
    _asked(1, seconds_ago=1)
    old = _asked(2, seconds_ago=60)
    owed = signup.work(_asked(3, seconds_ago=1).pk, now=timezone.now())

    tasks.work_owed()

    assert [mail.recipient for mail in post.mails] == [old.address]
    assert owed
    assert Outbox.objects.get(pk=owed).state == Outbox.State.OWED


def test_the_sweep_sends_what_it_owes_and_what_others_left(post: Post) -> None:
    _asked(1, seconds_ago=60)
    owed = signup.work(_asked(2, seconds_ago=60).pk, now=timezone.now() - timedelta(seconds=60))

    tasks.work_owed()

    assert len(post.mails) == 2
    assert owed
    assert Outbox.objects.get(pk=owed).state == Outbox.State.ACCEPTED


def test_the_sweep_ends_in_time_and_the_next_one_goes_on(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    _asked(1, seconds_ago=60)
    signup.work(_asked(2, seconds_ago=60).pk, now=timezone.now() - timedelta(seconds=60))

    monkeypatch.setattr(tasks, "_SWEEP_SECONDS", 0.0)
    tasks.work_owed()
    assert not post.mails

    monkeypatch.undo()
    monkeypatch.setattr("subscribers.ports._publishing", post)
    tasks.work_owed()
    assert len(post.mails) == 2


def test_handing_over_ends_in_time_too(post: Post) -> None:
    for number in range(2):
        signup.work(_asked(number, seconds_ago=60).pk, now=timezone.now())

    assert sending.send_due(until=0.0) == 0
    assert sending.send_due() == 2
