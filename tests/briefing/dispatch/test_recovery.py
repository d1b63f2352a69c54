"""What a dead worker leaves behind is settled once, and nothing of it is sent again by itself."""

import time

import pytest
from django.utils import timezone

from briefing.dispatch import (
    claims,
    control,
    groups,
    intents,
    journal,
    progress,
    recovery,
    results,
    sender,
)
from briefing.dispatch.clock import Clock
from briefing.dispatch.copies import CopyMaker, sender_of
from briefing.dispatch.outcome import ACCEPTED, DEFERRED, REJECTED, UNKNOWN
from briefing.models import Batch, Delivery, EditionVariant
from tests.briefing.dispatch.dying import Worker, clock_jumps, lease_runs_out
from tests.briefing.dispatch.making import Provider, dispatching, once, outcomes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("workers_die")]


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
    group.copies[3].outcome = REJECTED
    worker.journal.answered(group.copies[3])
    lease_runs_out()

    claims.claim(dispatch.pk, now=timezone.now())

    rows = Delivery.objects.order_by("subscriber_id")
    assert [(row.outcome, row.code, row.attempts) for row in rows] == [
        (ACCEPTED, None, 1),
        (UNKNOWN, "worker lost while the message was on the wire", 1),
        (DEFERRED, "worker lost before the message was started", 0),
        (REJECTED, "worker lost after the answer", 1),
    ]
    assert [row.address for row in rows] == [copy.address_hash for copy in group.copies]


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
    # That they have another issue tells nothing of this one.
    had = results.Verdict(ACCEPTED, attempts=1)
    for copy in worker.intend().copies:
        results.write([results.row(dispatch.pk - 1, copy.subscriber_id, had, now=timezone.now())])
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
