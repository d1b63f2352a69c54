"""A cancel settles everybody at once, those whom a lost worker had never started as well."""

from datetime import timedelta

import pytest
from django.utils import timezone

from briefing.dispatch import cancelling, claims, control, intents, invariants
from briefing.dispatch.copies import CopyMakers
from briefing.dispatch.outcome import CANCELLED
from briefing.models import Batch
from tests.briefing.dispatch.hands import Worker
from tests.briefing.dispatch.making import Provider, dispatching, outcomes

pytestmark = pytest.mark.django_db


def test_whom_a_lost_worker_had_never_started_is_cancelled_with_the_others() -> None:
    dispatch = dispatching(5)
    provider = Provider()
    worker = Worker(dispatch, provider)
    held = claims.claim(dispatch.pk, now=timezone.now())
    assert held
    worker.load.journal.hold(batch_id=held.batch_id, fence=held.fence)
    maker = CopyMakers(provider, dispatch)(held.variant_id)
    intents.intend(worker.step(dispatch), held, maker, size=2)
    worker.load.journal.leave()
    Batch.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    control.cancel(dispatch, reason="a person")
    cancelling.settle(dispatch.pk, now=timezone.now())

    assert list(outcomes(dispatch).values()) == [CANCELLED] * 5
    assert invariants.violations() == []
