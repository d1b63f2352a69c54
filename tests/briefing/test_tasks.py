"""The queue's doors to the engine: what they do when the database, the provider or time runs out."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from pytest_django import Settings

from briefing import celery, tasks
from briefing.dispatch import sender
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


def test_a_sweep_rings_for_what_is_due_and_plans_what_is_not_planned(doorbell: Doorbell) -> None:
    dispatch = dispatching(5)
    Dispatch.objects.update(planned_at=None)
    doorbell.rings.clear()

    tasks.sweep()

    assert [ring.args for ring in doorbell.rung("briefing.tasks.plan")] == [(dispatch.pk,)]
    assert [ring.args for ring in doorbell.rung("briefing.tasks.drain")] == [(dispatch.pk,)]
