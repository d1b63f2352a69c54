"""What a dead worker leaves behind is settled once, and nothing of it is sent again by itself."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

import pytest
from django.utils import timezone
from pytest_django import Settings

from briefing.dispatch import (
    claims,
    control,
    groups,
    intents,
    invariants,
    journal,
    progress,
    recovery,
    sender,
)
from briefing.dispatch.clock import Clock
from briefing.dispatch.copies import CopyMaker, sender_of
from briefing.dispatch.groups import InFlight
from briefing.dispatch.outcome import ACCEPTED, DEFERRED, QUARANTINED, UNKNOWN
from briefing.models import Batch, Delivery, Dispatch, EditionVariant
from tests.briefing.dispatch.making import Provider, dispatching, once, outcomes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_groups(settings: Settings) -> Iterator[None]:
    settings.GROUP_SIZE, settings.BATCH_SIZE = 4, 8
    yield
    while Worker.living:
        Worker.living.pop().journal.close()
    assert "I11" not in {each.invariant for each in invariants.violations()}


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


def test_a_batch_claimed_by_a_worker_that_died_before_its_intent_loses_nobody() -> None:
    dispatch = dispatching(6)
    Worker(dispatch)
    lease_runs_out()

    provider = Provider()
    sender.drain(dispatch.pk, provider)

    assert set(outcomes(dispatch).values()) == {ACCEPTED}
    assert len(provider.received) == 6


def test_the_journal_tells_apart_what_was_waiting_started_and_answered() -> None:
    dispatch = dispatching(8)
    worker = Worker(dispatch)
    group = worker.intend()
    worker.journal.started(group.copies[0])
    group.copies[0].outcome = ACCEPTED
    worker.journal.answered(group.copies[0])
    worker.journal.started(group.copies[1])
    lease_runs_out()

    claims.claim(dispatch.pk, now=timezone.now())

    rows = outcomes(dispatch)
    assert rows["reader0@mail.example"] == ACCEPTED
    assert rows["reader1@mail.example"] == UNKNOWN
    assert rows["reader2@mail.example"] == rows["reader3@mail.example"] == DEFERRED
    assert len(rows) == 4


def test_copies_that_were_never_started_are_sent_and_unknown_ones_are_not() -> None:
    dispatch = dispatching(8)
    worker = Worker(dispatch)
    group = worker.intend()
    worker.journal.started(group.copies[0])
    lease_runs_out()

    provider = Provider()
    sender.drain(dispatch.pk, provider)

    assert "reader0@mail.example" not in provider.received
    assert len(provider.received) == 7
    assert once(provider.received)
    assert outcomes(dispatch)["reader0@mail.example"] == UNKNOWN
    assert progress.measure(dispatch.pk).by_outcome["unknown"] == 1


def test_a_clock_that_jumps_past_a_lease_lets_nobody_be_written_to_twice() -> None:
    dispatch = dispatching(8)
    worker = Worker(dispatch)
    group = worker.intend()
    session = worker.provider.open(worker.journal, sender_of(worker.dispatch))
    session.submit(group.wire)
    clock_jumps()

    other = Provider()
    sender.drain(dispatch.pk, other)
    # The first one never noticed.
    session.collect()
    groups.record([group], worker.journal, now=timezone.now())

    assert len(worker.provider.received) == 4
    assert once(worker.provider.received + other.received)
    assert set(outcomes(dispatch).values()) == {ACCEPTED}
    batch = Batch.objects.get(dispatch=dispatch)
    assert batch.deaths == 1
    assert batch.suspect is None


def test_a_sleeper_whose_time_is_over_starts_nothing_that_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dispatch = dispatching(8)
    Worker(dispatch).intend()
    clock_jumps()
    monkeypatch.setattr(intents, "deadline", lambda _begun: 0.0)
    Worker(dispatch).intend()
    clock_jumps()

    provider = Provider()
    sender.drain(dispatch.pk, provider)

    assert sorted(provider.received) == [f"reader{n}@mail.example" for n in range(4, 8)]


def test_without_a_journal_the_whole_group_is_unknown() -> None:
    dispatch = dispatching(8)
    worker = Worker(dispatch)
    worker.intend()
    worker.journal.path.unlink()
    lease_runs_out()

    provider = Provider()
    sender.drain(dispatch.pk, provider)

    rows = list(outcomes(dispatch).values())
    assert rows.count(UNKNOWN) == 4
    assert rows.count(ACCEPTED) == 4 == len(provider.received)


def test_a_journal_from_before_a_reboot_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    dispatch = dispatching(4)
    Worker(dispatch).intend()
    lease_runs_out()
    monkeypatch.setattr(journal, "boot_id", lambda: b"another-boot")

    claims.claim(dispatch.pk, now=timezone.now())

    assert set(outcomes(dispatch).values()) == {UNKNOWN}


def test_a_batch_that_was_wholly_in_flight_when_its_worker_died_is_done() -> None:
    dispatch = dispatching(4)
    worker = Worker(dispatch)
    worker.intend()
    worker.journal.path.unlink()
    lease_runs_out()

    sender.drain(dispatch.pk, Provider())

    assert set(outcomes(dispatch).values()) == {UNKNOWN}
    assert control.finish_if_done(dispatch.pk, now=timezone.now())


def test_a_dead_workers_journal_goes_once_its_batch_is_settled_and_not_before() -> None:
    dispatch = dispatching(8)
    worker = Worker(dispatch)
    worker.intend()
    worker.journal.leave()
    Worker.living.remove(worker)
    recovery.recover_abandoned()
    assert worker.journal.path.exists()
    lease_runs_out()

    sender.drain(dispatch.pk, Provider())
    recovery.recover_abandoned()

    assert not worker.journal.path.exists()


def test_a_living_workers_journal_stays_though_nothing_is_in_flight() -> None:
    dispatch = dispatching(8)
    worker = Worker(dispatch)
    claims.release(worker.held, not_before=timezone.now())

    recovery.recover_abandoned()

    assert worker.journal.path.exists()


def test_an_answer_that_comes_after_the_lease_still_replaces_unknown() -> None:
    dispatch = dispatching(8)
    worker = Worker(dispatch)
    group = worker.intend()
    for copy in group.copies:
        copy.started = True
        worker.journal.started(copy)
    clock_jumps()
    successor = claims.claim(dispatch.pk, now=timezone.now())
    assert successor
    assert progress.measure(dispatch.pk).by_outcome["unknown"] == 4

    for copy in group.copies:
        copy.outcome = ACCEPTED
    groups.record([group], worker.journal, now=timezone.now())

    assert set(outcomes(dispatch).values()) == {ACCEPTED}
    now = progress.measure(dispatch.pk)
    assert (now.by_outcome["accepted"], now.by_outcome["unknown"]) == (4, 0)
    # The sleeper moved nothing of the batch: that is its successor's.
    batch = Batch.objects.get(dispatch=dispatch)
    assert (batch.fence, batch.done_upto) == (successor.fence, 4)


def test_a_worker_that_lost_its_fence_commits_no_further_intent() -> None:
    dispatch = dispatching(8)
    sleeper = Worker(dispatch)
    clock_jumps()
    claims.claim(dispatch.pk, now=timezone.now())

    maker = CopyMaker(
        sleeper.provider,
        EditionVariant.objects.get(pk=sleeper.held.variant_id),
        sleeper.dispatch,
        sender_of(sleeper.dispatch),
    )
    step = intents.Step(sleeper.dispatch, sleeper.journal, [], Clock.read().now(), time.monotonic())
    stopped = intents.intend(step, sleeper.held, maker, size=4)

    assert stopped == intents.Stopped("fence", lost=True)
    assert not Delivery.objects.exists()


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

    provider = Provider()
    sender.drain(dispatch.pk, provider)
    Delivery.objects.filter(outcome=DEFERRED).update(next_at=timezone.now())
    sender.drain(dispatch.pk, provider)

    rows = outcomes(dispatch)
    assert rows.pop("reader2@mail.example") == QUARANTINED
    assert set(rows.values()) == {ACCEPTED}
    assert "reader2@mail.example" not in provider.received


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
