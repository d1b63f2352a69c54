"""The way of an issue from planned batches to one row for each reader."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from briefing.dispatch import control, intents, progress, sender
from briefing.dispatch.copies import BadReaderError, CopyMaker
from briefing.dispatch.outcome import (
    ACCEPTED,
    CANCELLED,
    DEFERRED,
    QUARANTINED,
    REJECTED,
    SKIPPED,
    UNKNOWN,
)
from briefing.dispatch.sql.rows import ReaderRow
from briefing.dispatch.states import ForbiddenStepError
from briefing.models import Batch, Delivery, Dispatch
from briefing.transports.base import Copy
from subscribers.models import Subscription
from tests.briefing.dispatch.making import Provider, Said, dispatching, once, outcomes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_groups(settings: Settings) -> None:
    settings.GROUP_SIZE, settings.BATCH_SIZE = 2, 5


def test_every_planned_reader_receives_one_copy_and_nobody_else_does() -> None:
    dispatch = dispatching(7)
    provider = Provider()

    report = sender.drain(dispatch.pk, provider)

    assert sorted(provider.received) == [f"reader{n}@mail.example" for n in range(7)]
    assert set(outcomes(dispatch).values()) == {ACCEPTED}
    assert report.handed_over == 7
    assert not report.more


def test_a_second_drain_finds_nothing_and_opens_no_connection() -> None:
    dispatch = dispatching(3)
    sender.drain(dispatch.pk, Provider())

    again = Provider(down="must not be opened")
    report = sender.drain(dispatch.pk, again)

    assert not report.down
    assert report.handed_over == 0


def test_a_finished_dispatch_says_so_and_its_numbers_add_up() -> None:
    dispatch = dispatching(7)
    sender.drain(dispatch.pk, Provider())

    over_at = timezone.now()
    assert control.finish_if_done(dispatch.pk, now=over_at)

    now = progress.measure(dispatch.pk)
    assert (now.state, now.finished_at) == (Dispatch.State.FINISHED, over_at)
    assert now.planned == 7 == now.by_outcome["accepted"]
    assert now.over
    assert now.open == 0


def test_a_finished_dispatch_cannot_be_resumed_by_anybody() -> None:
    dispatch = dispatching(2)
    sender.drain(dispatch.pk, Provider())
    control.finish_if_done(dispatch.pk, now=timezone.now())

    with pytest.raises(ForbiddenStepError):
        control.resume(dispatch)

    assert Dispatch.objects.get(pk=dispatch.pk).state == Dispatch.State.FINISHED


def test_whoever_unsubscribes_after_planning_is_skipped_with_the_reason() -> None:
    dispatch = dispatching(4)
    Subscription.objects.filter(subscriber__address="reader2@mail.example").update(
        state=Subscription.State.UNSUBSCRIBED
    )

    provider = Provider()
    sender.drain(dispatch.pk, provider)

    assert "reader2@mail.example" not in provider.received
    row = Delivery.objects.get(dispatch=dispatch, outcome=SKIPPED)
    assert row.code == "unsubscribed"
    assert row.address is None


def test_an_unsubscribe_in_the_midst_of_the_drain_is_honoured_by_the_next_intent() -> None:
    dispatch = dispatching(10)

    def leave(copy: Copy) -> None:
        Subscription.objects.filter(subscriber__address="reader9@mail.example").update(
            state=Subscription.State.UNSUBSCRIBED
        )

    provider = Provider(before=leave)
    sender.drain(dispatch.pk, provider)

    assert "reader9@mail.example" not in provider.received
    assert outcomes(dispatch)["reader9@mail.example"] == SKIPPED


def test_each_answer_becomes_its_outcome() -> None:
    dispatch = dispatching(5)
    said: dict[str, Said] = {
        "reader0@mail.example": ACCEPTED,
        "reader1@mail.example": (DEFERRED, "451 4.7.1 later"),
        "reader2@mail.example": (REJECTED, "550 5.1.1 no such user"),
        "reader3@mail.example": None,
        "reader4@mail.example": ACCEPTED,
    }

    def name(copy: Copy) -> None:
        copy.reference = f"message {copy.recipient}"

    sender.drain(dispatch.pk, Provider(answer=lambda copy: said[copy.recipient], before=name))

    assert outcomes(dispatch) == {
        "reader0@mail.example": ACCEPTED,
        "reader1@mail.example": DEFERRED,
        "reader2@mail.example": REJECTED,
        "reader3@mail.example": UNKNOWN,
        "reader4@mail.example": ACCEPTED,
    }
    deferred = Delivery.objects.get(dispatch=dispatch, outcome=DEFERRED)
    assert deferred.next_at
    assert deferred.next_at > timezone.now()
    assert deferred.code == "451 4.7.1 later"
    assert Delivery.objects.get(outcome=UNKNOWN).code == "no answer"
    assert {row.reference for row in dispatch.deliveries.all()} == {
        f"message {key}" for key in said
    }
    assert not dispatch.deliveries.filter(address=None).exists()
    now = progress.measure(dispatch.pk)
    assert now.by_outcome["deferred"] == now.by_outcome["unknown"] == 1
    assert not control.finish_if_done(dispatch.pk, now=timezone.now())


def test_a_deferred_reader_is_tried_again_when_the_time_has_come() -> None:
    dispatch = dispatching(3)
    said: Iterator[Said] = iter([(DEFERRED, "451 later"), ACCEPTED, ACCEPTED, ACCEPTED])
    provider = Provider(answer=lambda _copy: next(said))
    sender.drain(dispatch.pk, provider)
    Delivery.objects.filter(outcome=DEFERRED).update(next_at=timezone.now())

    sender.drain(dispatch.pk, provider)

    assert set(outcomes(dispatch).values()) == {ACCEPTED}
    assert Delivery.objects.filter(dispatch=dispatch, attempts=2).count() == 1
    now = progress.measure(dispatch.pk)
    assert now.by_outcome["accepted"] == 3
    assert now.by_outcome["deferred"] == now.by_outcome["unknown"] == 0
    assert control.finish_if_done(dispatch.pk, now=timezone.now())


def test_a_deferred_reader_who_left_meanwhile_is_not_tried_again() -> None:
    dispatch = dispatching(1)
    provider = Provider(answer=lambda _copy: (DEFERRED, "451 later"))
    sender.drain(dispatch.pk, provider)
    Delivery.objects.update(next_at=timezone.now())
    Subscription.objects.update(state=Subscription.State.UNSUBSCRIBED)

    sender.drain(dispatch.pk, provider)

    assert len(provider.received) == 1
    assert outcomes(dispatch) == {"reader0@mail.example": SKIPPED}
    assert progress.measure(dispatch.pk).by_outcome["skipped"] == 1


def test_a_pause_stops_at_the_next_intent_and_a_resume_goes_on_without_doubles() -> None:
    dispatch = dispatching(10)

    def pause(copy: Copy) -> None:
        if copy.recipient == "reader0@mail.example":
            control.pause(dispatch, reason="a person said so")

    provider = Provider(before=pause)
    report = sender.drain(dispatch.pk, provider)

    # At most two groups of two were past the point of no return.
    assert len(provider.received) <= 4
    assert report.stopped == "paused"

    control.resume(dispatch)
    sender.drain(dispatch.pk, provider)

    assert len(provider.received) == 10
    assert once(provider.received)


def test_after_a_cancel_the_rest_is_written_down_as_cancelled() -> None:
    dispatch = dispatching(10)

    def cancel(copy: Copy) -> None:
        if copy.recipient == "reader0@mail.example":
            control.cancel(dispatch, reason="wrong issue")

    provider = Provider(before=cancel)
    sender.drain(dispatch.pk, provider)
    sender.drain(dispatch.pk, provider)

    rows = list(outcomes(dispatch).values())
    assert len(rows) == 10
    assert rows.count(ACCEPTED) == len(provider.received) <= 4
    assert rows.count(CANCELLED) == 10 - len(provider.received)
    assert progress.measure(dispatch.pk).open == 0
    assert not control.cancelled_and_open()


def test_with_the_provider_away_no_row_is_written_and_no_attempt_burned() -> None:
    dispatch = dispatching(6)

    report = sender.drain(dispatch.pk, Provider(down="connection refused"))

    assert report.down == "connection refused"
    assert not Delivery.objects.exists()
    assert set(Batch.objects.values_list("state", "intent_upto")) == {(Batch.State.PENDING, 0)}


def test_a_provider_lost_in_mid_group_leaves_a_row_only_for_what_was_handed_over() -> None:
    dispatch = dispatching(10)
    provider = Provider()

    def go_away(copy: Copy) -> None:
        if copy.recipient == "reader1@mail.example":
            provider.down = "connection lost"

    provider.before = go_away
    sender.drain(dispatch.pk, provider)
    assert outcomes(dispatch) == {"reader0@mail.example": ACCEPTED}

    provider.before, provider.down = (lambda _copy: None), ""
    Batch.objects.update(not_before=timezone.now())
    sender.drain(dispatch.pk, provider)

    assert len(provider.received) == 10
    assert once(provider.received)


def test_a_reader_whose_data_cannot_be_written_is_set_aside_and_the_others_go_on() -> None:
    dispatch = dispatching(3)
    provider = Provider()
    make = CopyMaker.make

    def broken(self: CopyMaker, reader: ReaderRow, *, position: int) -> Copy:
        if reader.address == "reader1@mail.example":
            raise BadReaderError(reader.subscriber_id, "cannot be encoded")
        return make(self, reader, position=position)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CopyMaker, "make", broken)
        sender.drain(dispatch.pk, provider)

    assert outcomes(dispatch)["reader1@mail.example"] == QUARANTINED
    assert sorted(provider.received) == ["reader0@mail.example", "reader2@mail.example"]


def test_a_worker_stopped_between_a_look_at_the_clock_and_its_intent_sends_nothing_too_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dispatch = dispatching(2)
    provider = Provider()
    intend, really, asleep = intents.intend, time.monotonic, [0.0]

    def stopped_before(*args: Any, **kwargs: Any) -> Any:
        asleep[0] += 600.0
        return intend(*args, **kwargs)

    monkeypatch.setattr(time, "monotonic", lambda: really() + asleep[0])
    monkeypatch.setattr(intents, "intend", stopped_before)
    sender.drain(dispatch.pk, provider)

    assert provider.received == []
    assert not Delivery.objects.exists()
