"""A database that may be a backup sends nothing by itself, and one that is not is never held."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from briefing import answers
from briefing.dispatch import (
    claims,
    control,
    highwater,
    holding,
    invariants,
    notes,
    sender,
    upkeep,
)
from briefing.dispatch.journal import Journal
from briefing.models import Alert, Batch, Delivery, Dispatch, Fence
from subscribers.ports import Mail
from tests.briefing.dispatch.making import Provider, dispatching

pytestmark = pytest.mark.django_db

MAIL = Mail("confirm", "ref", "a@mail.example", "B", "b@mail.example", "Hello", "text", "")


@pytest.fixture(autouse=True)
def _small_groups(settings: Settings) -> Iterator[None]:
    settings.GROUP_SIZE, settings.BATCH_SIZE = 2, 4
    yield
    assert invariants.violations() == []


def sweep(*, minutes: float = 0) -> list[int]:
    """Sweep so many minutes from now; returns for what it rang."""
    rung: list[int] = []
    now = timezone.now() + timedelta(minutes=minutes)
    upkeep.sweep(now=now, ring=rung.append, plan=lambda _id: None)
    return rung


def restore(dispatch: Dispatch) -> None:
    """Bring back the database as it was when nothing had been sent yet."""
    Delivery.objects.all().delete()
    Batch.objects.update(state="pending", fence=0, claims=0, intent_upto=0, done_upto=0, accepted=0)
    Dispatch.objects.filter(pk=dispatch.pk).update(state="running", finished_at=None)
    Fence.objects.update(number=0, heartbeat_at=timezone.now() - timedelta(minutes=1))


def test_a_restored_database_sends_nothing_though_a_doorbell_comes_before_the_first_sweep() -> None:
    dispatch = dispatching(6)
    sender.drain(dispatch.pk, Provider())
    restore(dispatch)

    provider = Provider()
    report = sender.drain(dispatch.pk, provider)

    assert provider.received == []
    assert "backup" in report.stopped
    dispatch.refresh_from_db()
    assert dispatch.state == Dispatch.State.HOLDING
    assert Alert.objects.get().kind == Alert.Kind.HELD


def test_a_backup_of_a_minute_ago_is_noticed_though_no_batch_was_claimed_since() -> None:
    sweep()
    dispatch = dispatching(6)
    sweep(minutes=5)
    Fence.objects.update(number=50, heartbeat_at=timezone.now() + timedelta(minutes=4))
    # What a worker noted between the backup and the restore is of batches that are not sent now.
    Journal().leave()

    assert sweep(minutes=5) == []

    dispatch.refresh_from_db()
    assert dispatch.state == Dispatch.State.HOLDING
    assert Fence.objects.get().number == 50
    assert list(notes.abandoned()) == []


def test_no_fence_is_drawn_twice_after_a_restore() -> None:
    dispatch = dispatching(6)
    sender.drain(dispatch.pk, Provider())
    drawn = Fence.objects.get().number
    restore(dispatch)

    sweep()

    assert Fence.objects.get().number == drawn
    assert highwater.read().number == drawn


def test_once_a_person_lets_go_mail_leaves_again_and_each_held_dispatch_when_resumed() -> None:
    dispatch = dispatching(6)
    now = timezone.now()
    holding.hold("a person said so", now=now)
    held = answers.Answers().send(MAIL)
    assert (held.outcome, held.code) == ("deferred", "held: a person said so")
    # The first reason is the one that stands.
    holding.hold("another", now=now + timedelta(hours=1))
    assert (holding.held(), Fence.objects.get().held_at) == ("a person said so", now)

    holding.let_go(now=now)
    assert (holding.held(), Fence.objects.get().held_at) == ("", None)
    provider = Provider()
    sender.drain(dispatch.pk, provider)
    assert provider.received == []

    control.resume(dispatch)
    sender.drain(dispatch.pk, provider)
    assert len(provider.received) == 6


def test_why_mail_is_held_names_nobody_and_fits_into_its_row() -> None:
    dispatch = dispatching(2)

    holding.hold("ada@mail.example said so " + "x" * 300, now=timezone.now())

    dispatch.refresh_from_db()
    assert holding.held() == dispatch.reason == f"***@*** said so {'x' * 300}"[:200]


def test_after_half_an_hour_without_a_sign_of_life_a_dispatch_under_way_is_held() -> None:
    dispatch = dispatching(6)
    sweep(minutes=1)

    # Exactly half an hour is still a sign of life.
    alive_at = Fence.objects.get().heartbeat_at
    assert alive_at
    holding.guard(now=alive_at + timedelta(minutes=30))
    assert holding.held() == ""
    assert sweep(minutes=40) == []

    dispatch.refresh_from_db()
    said = "no sign of life for 39 minutes in the midst of a dispatch"
    assert (dispatch.state, dispatch.reason) == ("holding", said)
    assert Fence.objects.get().held_at
    alert = Alert.objects.get()
    assert alert.told_at
    assert (alert.key, alert.text) == (
        "held:all",
        f"Everything is held: {said}. Look at the desk, then let it go or cancel.",
    )


def test_a_dispatch_begun_after_a_month_of_silence_is_not_held() -> None:
    sweep(minutes=-43_200)
    dispatch = dispatching(6)

    assert sweep() == [dispatch.pk]

    provider = Provider()
    sender.drain(dispatch.pk, provider)
    assert len(provider.received) == 6


def test_workers_whose_clocks_differ_a_little_are_no_restore() -> None:
    dispatch = dispatching(6)
    sweep(minutes=0.5)

    assert sweep() == [dispatch.pk]


def test_a_claim_that_another_worker_makes_while_the_guard_looks_is_no_restore(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dispatch = dispatching(6)
    read = highwater.read

    def read_behind_a_claim() -> highwater.Mark:
        claims.claim(dispatch.pk, now=timezone.now())
        return read()

    monkeypatch.setattr(highwater, "read", read_behind_a_claim)

    assert holding.guard(now=timezone.now()) == ""
