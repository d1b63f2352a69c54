"""A cancel settles everybody at once, those whom a lost worker had never started as well."""

from datetime import timedelta

import pytest
from django.utils import timezone

from briefing.dispatch import (
    cancelling,
    claims,
    control,
    intents,
    invariants,
    progress,
    sender,
)
from briefing.dispatch.copies import CopyMakers
from briefing.dispatch.outcome import ACCEPTED, CANCELLED, DEFERRED, UNKNOWN
from briefing.models import Batch, Delivery, Dispatch
from tests.briefing.dispatch.hands import Worker
from tests.briefing.dispatch.making import Provider, Said, dispatching, outcomes

pytestmark = pytest.mark.django_db


def lose(dispatch: Dispatch, *, size: int) -> None:
    """Have a worker intend for so many readers and die before it started any copy."""
    provider = Provider()
    worker = Worker(dispatch, provider)
    held = claims.claim(dispatch.pk, now=timezone.now())
    assert held
    worker.load.journal.hold(batch_id=held.batch_id, fence=held.fence)
    maker = CopyMakers(provider, dispatch)(held.variant_id)
    intents.intend(worker.step(dispatch), held, maker, size=size)
    worker.load.journal.leave()


def end_leases() -> None:
    Batch.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def test_whom_a_lost_worker_had_never_started_is_cancelled_with_the_others() -> None:
    dispatch = dispatching(5)
    lose(dispatch, size=2)
    end_leases()

    control.cancel(dispatch, reason="a person")
    cancelling.settle(dispatch.pk, now=timezone.now())

    assert list(outcomes(dispatch).values()) == [CANCELLED] * 5
    assert invariants.violations() == []


def test_whom_a_claim_finds_after_the_cancel_waits_for_the_sweep_and_breaks_no_promise() -> None:
    dispatch = dispatching(5)
    lose(dispatch, size=5)
    control.cancel(dispatch, reason="a person")
    cancelling.settle(dispatch.pk, now=timezone.now())
    end_leases()

    assert claims.claim(dispatch.pk, now=timezone.now()) is None
    assert set(outcomes(dispatch).values()) == {DEFERRED}
    assert invariants.violations() == []

    assert control.cancelled_and_open() == [dispatch.pk]
    cancelling.settle(dispatch.pk, now=timezone.now())
    assert list(outcomes(dispatch).values()) == [CANCELLED] * 5
    assert control.cancelled_and_open() == []


def test_a_reader_without_a_row_is_missed_once_all_is_settled() -> None:
    dispatch = dispatching(5)
    control.cancel(dispatch, reason="a person")
    cancelling.settle(dispatch.pk, now=timezone.now())

    Delivery.objects.filter(dispatch=dispatch).first().delete()  # type: ignore[union-attr]  # there are five

    assert ("I1", "planned 5, rows 4") in [
        (each.invariant, each.detail) for each in invariants.violations()
    ]


def test_after_a_restore_everybody_without_an_answer_is_listed_as_unknown() -> None:
    dispatch = dispatching(5)
    said: dict[str, Said] = {
        "reader0@mail.example": (DEFERRED, "451 later"),
        "reader1@mail.example": ACCEPTED,
    }
    sender.drain(dispatch.pk, Provider(answer=lambda copy: said.get(copy.recipient)))
    # The backup knew of three readers less.
    Delivery.objects.filter(dispatch=dispatch, outcome=UNKNOWN).delete()
    Batch.objects.update(state=Batch.State.PENDING, done_upto=2, intent_upto=2, unknown=0)
    Dispatch.objects.update(state=Dispatch.State.HOLDING)

    number = cancelling.settle_as_unknown(dispatch.pk, by="x" * 200, now=timezone.now())

    assert number == 4
    assert sorted(outcomes(dispatch).values()) == sorted([ACCEPTED, *[UNKNOWN] * 4])
    rows = Delivery.objects.filter(dispatch=dispatch, outcome=UNKNOWN)
    assert set(rows.values_list("code", "next_at")) == {
        (f"after a restore, said {'x' * 200}"[:120], None)
    }
    assert progress.measure(dispatch.pk).by_outcome["unknown"] == 4
    assert progress.measure(dispatch.pk).by_outcome["deferred"] == 0
    batch = Batch.objects.get()
    assert (batch.state, batch.done_upto, batch.intent_upto) == (Batch.State.DONE, 5, 5)
    assert batch.lease_until is None
    assert cancelling.settle_as_unknown(dispatch.pk, by="x", now=timezone.now()) == 0


def test_whoever_waits_for_a_lanes_time_is_cancelled_now() -> None:
    dispatch = dispatching(5)
    Batch.objects.update(not_before=timezone.now() + timedelta(hours=15))

    control.cancel(dispatch, reason="a person")
    cancelling.settle(dispatch.pk, now=timezone.now())

    assert list(outcomes(dispatch).values()) == [CANCELLED] * 5
