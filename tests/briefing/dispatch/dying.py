"""A worker that can be stopped dead at any point, and leases that are over."""

import time
from datetime import timedelta
from typing import ClassVar

from django.utils import timezone

from briefing.dispatch import claims, intents, journal
from briefing.dispatch.copies import CopyMaker, sender_of
from briefing.dispatch.groups import InFlight
from briefing.models import Batch, Dispatch, EditionVariant
from tests.briefing.dispatch.making import Provider


class Worker:
    """A worker that can be stopped dead at any point."""

    living: ClassVar[list["Worker"]] = []

    def __init__(self, dispatch: Dispatch) -> None:
        self.dispatch = Dispatch.objects.select_related("issue__newsletter").get(pk=dispatch.pk)
        self.journal = journal.Journal()
        self.living.append(self)
        held = claims.claim(dispatch.pk, now=timezone.now())
        assert held
        self.held = held
        self.journal.hold(batch_id=self.held.batch_id, fence=self.held.fence)
        self.provider = Provider()

    def intend(self) -> InFlight:
        maker = CopyMaker(
            self.provider,
            EditionVariant.objects.get(pk=self.held.variant_id),
            self.dispatch,
            sender_of(self.dispatch),
        )
        step = intents.Step(self.dispatch, self.journal, [], timezone.now(), time.monotonic())
        group = intents.intend(step, self.held, maker, size=1 if self.held.cautious else 4)
        assert isinstance(group, InFlight)
        return group


def lease_runs_out() -> None:
    """Let every worker so far be gone, journal and all that it noted left where it is."""
    while Worker.living:
        Worker.living.pop().journal.leave()
    clock_jumps()


def clock_jumps() -> None:
    """Let every lease be over by the database's clock, of workers that are well and awake."""
    Batch.objects.filter(state=Batch.State.CLAIMED).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )
