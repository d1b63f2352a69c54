"""A reader whose data kills workers is set aside in time, and nobody else is."""

import pytest
from django.utils import timezone

from briefing.dispatch import claims, groups, sender
from briefing.dispatch.outcome import ACCEPTED, DEFERRED, QUARANTINED
from briefing.models import Delivery
from tests.briefing.dispatch.dying import Worker, lease_runs_out
from tests.briefing.dispatch.making import Provider, dispatching, outcomes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("workers_die")]


def test_a_position_whose_copy_kills_three_workers_is_set_aside_and_the_batch_goes_on() -> None:
    dispatch = dispatching(6)
    poison = 2
    for _death in range(3):
        worker = Worker(dispatch)
        first = worker.held.intent_upto
        while worker.held.cautious and first < poison:
            groups.record([worker.intend()], worker.journal, now=timezone.now())
            first = worker.held.intent_upto
        slot = worker.journal.begin(
            batch_id=worker.held.batch_id, fence=worker.held.fence, first=first, count=6 - first
        )
        worker.journal.splicing(slot, poison - first)
        lease_runs_out()

    held = claims.claim(dispatch.pk, now=timezone.now())
    assert held
    assert held.intent_upto == poison + 1
    claims.release(held, not_before=timezone.now())
    provider = Provider()
    sender.drain(dispatch.pk, provider)
    Delivery.objects.filter(outcome=DEFERRED).update(next_at=timezone.now())
    sender.drain(dispatch.pk, provider)

    rows = outcomes(dispatch)
    assert rows.pop("reader2@mail.example") == QUARANTINED
    assert set(rows.values()) == {ACCEPTED}
    assert "reader2@mail.example" not in provider.received


def test_three_workers_that_died_over_three_readers_set_nobody_aside() -> None:
    dispatch = dispatching(6)
    for reader in (2, 1, 0):
        worker = Worker(dispatch)
        slot = worker.journal.begin(
            batch_id=worker.held.batch_id, fence=worker.held.fence, first=0, count=3
        )
        worker.journal.splicing(slot, reader)
        lease_runs_out()

    sender.drain(dispatch.pk, Provider())

    assert set(outcomes(dispatch).values()) == {ACCEPTED}


def test_five_deaths_between_claim_and_intent_set_nobody_aside() -> None:
    dispatch = dispatching(6)
    for _death in range(5):
        Worker(dispatch)
        lease_runs_out()

    provider = Provider()
    sender.drain(dispatch.pk, provider)

    assert set(outcomes(dispatch).values()) == {ACCEPTED}
    assert len(provider.received) == 6


def test_on_another_host_a_third_death_in_the_open_sets_the_next_position_aside() -> None:
    dispatch = dispatching(6)
    for _death in range(3):
        Worker(dispatch).journal.path.unlink()
        lease_runs_out()

    held = claims.claim(dispatch.pk, now=timezone.now())
    assert held
    assert held.intent_upto == 1, "whoever sets it aside begins behind it"
    claims.release(held, not_before=timezone.now())
    sender.drain(dispatch.pk, Provider())

    rows = outcomes(dispatch)
    assert rows.pop("reader0@mail.example") == QUARANTINED
    assert set(rows.values()) == {ACCEPTED}
