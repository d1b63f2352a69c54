"""The point of no return: what an intent commits, what is known of it before, and until when."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pytest_django import Settings

from briefing.dispatch import groups, intents
from briefing.dispatch.groups import InFlight
from briefing.dispatch.intents import Stopped
from briefing.dispatch.journal import SLOTS, SPLICING, STARTED, WAITING
from briefing.dispatch.outcome import ACCEPTED, QUARANTINED, SKIPPED, UNKNOWN
from briefing.models import Batch, Delivery, Dispatch
from tests.briefing.dispatch.intending import (
    NOW,
    Worker,
    batch,
    holding,
    numbers,
    reader,
    settled,
    withdraw,
)

LEASE = timedelta(seconds=90)


@pytest.fixture
def worker(db: None, settings: Settings) -> Iterator[Worker]:
    settings.LEASE_SECONDS, settings.EMAIL_TIMEOUT = 90, 30
    with holding(6) as made:
        yield made


def test_an_intent_moves_the_batch_by_its_size_and_holds_it_for_another_lease(
    worker: Worker,
) -> None:
    group = worker.send(4, at=NOW + timedelta(seconds=5))

    assert (group.first, group.upto, group.dispatch_id) == (0, 4, worker.dispatch.pk)
    assert group.held is worker.held
    assert numbers(group) == [0, 1, 2, 3]
    assert [copy.position for copy in group.copies] == [0, 1, 2, 3]
    assert worker.held.intent_upto == 4
    assert (batch().intent_upto, batch().done_upto) == (4, 0)
    assert batch().lease_until == NOW + timedelta(seconds=5) + LEASE
    assert not Delivery.objects.exists()


def test_the_last_intent_ends_with_the_batch(worker: Worker) -> None:
    worker.send(4)
    group = worker.send(4)

    assert (group.first, group.upto) == (4, 6)
    assert numbers(group) == [4, 5]
    assert [copy.position for copy in group.copies] == [4, 5]
    assert batch().intent_upto == 6


def test_what_came_back_is_recorded_with_the_next_intent(worker: Worker) -> None:
    first = worker.send(2)
    for copy in first.copies:
        copy.started, copy.outcome = True, ACCEPTED

    second = worker.intend(2, answered=[first], at=NOW + timedelta(seconds=7))

    assert isinstance(second, InFlight)
    assert set(settled().values()) == {(ACCEPTED, None)}
    assert set(Delivery.objects.values_list("at", flat=True)) == {NOW + timedelta(seconds=7)}
    assert (batch().done_upto, batch().intent_upto, batch().accepted) == (2, 4, 2)
    assert worker.noted() == {2: WAITING, 3: WAITING}


def test_an_answer_where_a_row_stands_is_let_in_and_the_intent_commits(worker: Worker) -> None:
    first = worker.send(2)
    for copy in first.copies:
        copy.started, copy.outcome = True, ACCEPTED
    recovered = first.copies[0]
    Delivery.objects.create(
        dispatch=worker.dispatch,
        subscriber_id=recovered.subscriber_id,
        address=recovered.address_hash,
        at=NOW,
        outcome=UNKNOWN,
    )

    second = worker.intend(2, answered=[first])

    assert isinstance(second, InFlight)
    assert numbers(second) == [2, 3]
    assert list(settled().values()) == [(ACCEPTED, None)] * 2
    # Of the other one the dispatch's own counters know, as of all that was unknown before.
    assert (batch().done_upto, batch().intent_upto, batch().accepted) == (2, 4, 1)
    assert worker.noted() == {2: WAITING, 3: WAITING}
    left = [worker.intend(1) for _ in range(2)]
    assert all(isinstance(each, InFlight) for each in left)


def test_whoever_lost_the_batch_intends_nothing_more_but_its_answers_stand(worker: Worker) -> None:
    first = worker.send(2)
    for copy in first.copies:
        copy.started, copy.outcome = True, ACCEPTED
    Batch.objects.update(fence=worker.held.fence + 1)
    withdraw(3, state="unsubscribed")

    stopped = worker.intend(2, answered=[first])

    assert stopped == Stopped("fence", lost=True)
    assert batch().intent_upto == 2
    assert worker.held.intent_upto == 2
    # The reader who left is the other worker's to skip.
    assert set(settled().values()) == {(ACCEPTED, None)}
    assert worker.noted() in (None, {})


def test_a_paused_dispatch_commits_no_intent_and_says_why(worker: Worker) -> None:
    Dispatch.objects.update(state=Dispatch.State.PAUSED)
    withdraw(1, state="unsubscribed")

    assert worker.intend(4) == Stopped("paused", lost=False)
    assert (batch().intent_upto, worker.held.intent_upto) == (0, 0)
    assert settled() == {}


def test_of_another_dispatch_the_state_does_not_matter(worker: Worker) -> None:
    other = Dispatch.objects.get()
    other.pk, other.kind, other.state = None, Dispatch.Kind.MISSED, Dispatch.State.PAUSED
    other.save()

    assert numbers(worker.send(2)) == [0, 1]


@pytest.mark.parametrize("state", ["canary", "running"])
def test_a_first_wave_is_intended_like_the_rest(state: str, worker: Worker) -> None:
    Dispatch.objects.update(state=state)

    assert numbers(worker.send(6)) == [0, 1, 2, 3, 4, 5]


# ------------------------------------------------------------------- what the journal knows of it
def test_the_journal_knows_whose_copy_is_being_built_and_that_the_others_wait(
    worker: Worker,
) -> None:
    worker.send(2)
    seen: list[dict[int, int] | None] = []
    worker.maker.before = lambda _position: seen.append(worker.noted())

    worker.send(3)

    waiting = dict.fromkeys(range(5), WAITING)
    assert seen == [waiting | {position: SPLICING} for position in (2, 3, 4)]
    assert worker.noted() == waiting


def test_a_copy_knows_its_place_in_the_journal(worker: Worker) -> None:
    withdraw(0, state="unsubscribed")
    group = worker.send(3)

    worker.journal.started(group.copies[0])

    assert worker.noted() == {0: WAITING, 1: STARTED, 2: WAITING}


def test_a_copy_that_cannot_be_built_is_set_aside_and_not_taken_for_a_killer(
    worker: Worker,
) -> None:
    worker.maker.refused = {"reader1@mail.example"}
    withdraw(2, state="unsubscribed")

    group = worker.send(4)

    assert numbers(group) == [0, 3]
    assert settled() == {
        reader(1).pk: (QUARANTINED, "cannot be encoded"),
        reader(2).pk: (SKIPPED, "unsubscribed"),
    }
    assert (batch().skipped, batch().quarantined) == (1, 1)
    assert worker.noted() == dict.fromkeys(range(4), WAITING)


def test_a_journal_has_room_for_as_many_groups_as_before_once_they_are_recorded(
    worker: Worker,
) -> None:
    for _turn in range(2 * SLOTS):
        # Without room for it there would be no group: the journal raises.
        group = worker.send(1)
        assert numbers(group) == [0]
        assert worker.noted() == {0: WAITING}
        groups.record([group], worker.journal, now=NOW)
        worker.held.intent_upto = worker.held.done_upto = 0
        Batch.objects.update(intent_upto=0, done_upto=0, state="claimed")
        Delivery.objects.all().delete()


def test_intents_that_were_stopped_leave_the_journals_room_as_it_was(worker: Worker) -> None:
    Dispatch.objects.update(state=Dispatch.State.PAUSED)

    for _turn in range(2 * SLOTS):
        assert isinstance(worker.intend(1), Stopped)


# --------------------------------------------------------------------------------- until when
@pytest.mark.parametrize(
    ("lease", "timeout", "seconds"), [(90, 30, 58.0), (20, 5, 13.0), (10, 2, 7.0), (3, 1, 1.7)]
)
def test_a_copy_is_started_only_while_its_answer_fits_into_the_lease(
    lease: float, timeout: float, seconds: float, settings: Settings
) -> None:
    settings.LEASE_SECONDS, settings.EMAIL_TIMEOUT = lease, timeout

    assert intents.deadline(100.0) == pytest.approx(100.0 + seconds)


def test_the_time_until_then_begins_with_the_step_and_not_behind_its_commit(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(1000, 9000, 100))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))

    group = worker.send(2)

    assert group.wire.deadline == 1058.0


def test_between_statements_and_copies_the_group_before_is_served(db: None) -> None:
    with holding(25) as worker:
        built: list[int] = []
        worker.meanwhile = lambda: built.append(-1)
        worker.maker.before = built.append
        worker.send(25)

    # Behind the answers' rows and the locks; before each ten copies; before the commit.
    assert [place for place, each in enumerate(built) if each == -1] == [0, 1, 2, 13, 24, 30]
