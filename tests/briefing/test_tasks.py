"""The queue's doors to the engine: what they do when the database, the provider or time runs out."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from pytest_django import Settings

from briefing import celery, tasks
from briefing.dispatch import breaker, sender
from briefing.models import Batch, Breaker, Delivery, Dispatch
from tests.briefing.dispatch.making import dispatching
from tests.queue import Doorbell

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nowhere(settings: Settings) -> None:
    settings.MAIL_ACCOUNTS = {"bulk": "null://", "transactional": "null://"}
    settings.GROUP_SIZE, settings.BATCH_SIZE = 2, 4


def test_a_drain_sends_finishes_the_dispatch_and_rings_nobody() -> None:
    dispatch = dispatching(5)

    tasks.drain(dispatch.pk)

    dispatch.refresh_from_db()
    assert dispatch.state == Dispatch.State.FINISHED
    assert Delivery.objects.count() == 5


def test_with_the_database_away_a_drain_is_rung_again(
    monkeypatch: pytest.MonkeyPatch, doorbell: Doorbell
) -> None:
    def lost(*_: Any, **__: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(sender, "drain", lost)

    tasks.drain(7)

    assert [ring.args for ring in doorbell.rung("briefing.tasks.drain")] == [(7,)]


def test_a_worker_that_is_told_to_end_leaves_the_rest_to_the_next_ring(
    monkeypatch: pytest.MonkeyPatch, doorbell: Doorbell
) -> None:
    dispatch = dispatching(5)
    doorbell.rings.clear()
    monkeypatch.setattr(celery, "_ending", bytearray(1))
    celery.note_ending()

    tasks.drain(dispatch.pk)

    assert not Delivery.objects.exists()
    assert set(Batch.objects.values_list("state", flat=True)) == {Batch.State.PENDING}
    assert len(doorbell.rung("briefing.tasks.drain")) == 1


def test_a_drain_whose_accounts_are_all_shut_off_waits_for_the_sweep(doorbell: Doorbell) -> None:
    dispatch = dispatching(5)
    doorbell.rings.clear()
    open_until = timezone.now() + timedelta(minutes=1)
    Breaker.objects.create(account="bulk", open_until=open_until)

    tasks.drain(dispatch.pk)

    assert not Delivery.objects.exists()
    assert not doorbell.rings


def test_a_drain_that_is_let_in_and_has_nothing_to_send_takes_nobodys_turn() -> None:
    dispatch = dispatching(5)
    now = timezone.now()
    Batch.objects.update(not_before=now + timedelta(hours=4))
    Breaker.objects.create(account="bulk", failures=5, openings=1, open_until=now)

    tasks.drain(dispatch.pk)

    assert breaker.is_open("bulk")
    assert breaker.allows("bulk", now=timezone.now())
    assert not breaker.allows("bulk", now=timezone.now())


def test_a_sweep_rings_for_what_is_due_and_plans_what_is_not_planned(doorbell: Doorbell) -> None:
    dispatch = dispatching(5)
    Dispatch.objects.update(planned_at=None)
    doorbell.rings.clear()

    tasks.sweep()

    assert [ring.args for ring in doorbell.rung("briefing.tasks.plan")] == [(dispatch.pk,)]
    assert [ring.args[0] for ring in doorbell.rung("briefing.tasks.drain")] == [dispatch.pk]


def test_rings_of_before_a_drain_are_answered_by_it(doorbell: Doorbell, settings: Settings) -> None:
    settings.DRAIN_SECONDS = 0.0
    dispatch = dispatching(5)
    doorbell.rings.clear()
    for _slice in range(20):
        tasks.ring(dispatch.pk)

    rung, doorbell.rings = doorbell.rings, []
    for each in rung:
        tasks.drain(*each.args)
    assert len(doorbell.rings) == 2

    # What was rung since is answered, and so is what does not say when.
    last = doorbell.rings.pop()
    tasks.drain(*last.args)
    tasks.drain(dispatch.pk)
    assert len(doorbell.rings) == 3


def test_a_database_that_was_restored_meanwhile_makes_nobody_deaf(
    doorbell: Doorbell, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatch = dispatching(5)
    monkeypatch.setattr(tasks, "_looked_at", {dispatch.pk: 1_000})

    tasks.drain(dispatch.pk, 7)

    assert Delivery.objects.count() == 5


def test_whoever_has_to_wait_rings_once_however_many_find_it_out(
    doorbell: Doorbell, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = iter([30.0, 30.0, 2.0, 30.0])

    def waiting(*_: Any, **__: Any) -> sender.DrainReport:
        return sender.DrainReport(more=True, wait=timedelta(seconds=next(waits)))

    monkeypatch.setattr(sender, "drain", waiting)
    for _worker in range(4):
        tasks.drain(7)

    # The second time it was known already; the third had to be sooner.
    assert [ring.args for ring in doorbell.rung("briefing.tasks.drain")] == [(7,), (7,)]
