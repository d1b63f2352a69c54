"""A dispatch is over when nobody waits for another attempt, and goes on when somebody does again."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from briefing.dispatch import claims, control, invariants, progress, resolving, sender, upkeep
from briefing.dispatch.copies import BadReaderError, CopyMaker
from briefing.dispatch.outcome import (
    ACCEPTED,
    CANCELLED,
    DEFERRED,
    QUARANTINED,
    REJECTED,
    UNKNOWN,
)
from briefing.dispatch.sql.rows import ReaderRow
from briefing.models import Delivery, Dispatch
from briefing.transports.base import Copy
from tests.briefing.dispatch.making import Provider, Said, dispatching, outcomes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_groups(settings: Settings) -> Iterator[None]:
    settings.GROUP_SIZE, settings.BATCH_SIZE = 2, 5
    yield
    assert invariants.violations() == []


def sweep() -> list[int]:
    rung: list[int] = []
    upkeep.sweep(now=timezone.now(), ring=rung.append, plan=lambda _id: None)
    return rung


def deferring(dispatch: Dispatch) -> Provider:
    """Have everybody deferred once, and due again."""
    provider = Provider(answer=lambda _copy: (DEFERRED, "451 later"))
    sender.drain(dispatch.pk, provider)
    Delivery.objects.update(next_at=timezone.now())
    return provider


def test_a_dispatch_does_not_finish_while_a_second_attempt_is_on_its_way() -> None:
    dispatch = dispatching(1)
    provider = deferring(dispatch)
    ended: list[bool] = []

    def finish(_copy: Copy) -> None:
        ended.append(control.finish_if_done(dispatch.pk, now=timezone.now()))

    provider.before = finish
    sender.drain(dispatch.pk, provider)

    assert ended == [False]
    assert outcomes(dispatch) == {"reader0@mail.example": DEFERRED}


def test_second_attempts_leave_in_groups_as_large_as_the_account_takes() -> None:
    dispatch = dispatching(5)
    provider = deferring(dispatch)
    sizes: list[int] = []
    provider.grouped, provider.answer = sizes.append, lambda _copy: ACCEPTED

    sender.drain(dispatch.pk, provider)

    assert sizes == [2, 2, 1]


def test_a_second_attempt_that_nobody_answers_for_lets_the_dispatch_finish_after_its_lease() -> (
    None
):
    dispatch = dispatching(1)
    provider = deferring(dispatch)

    def die(_copy: Copy) -> None:
        raise KeyboardInterrupt

    provider.before = die
    with pytest.raises(KeyboardInterrupt):
        sender.drain(dispatch.pk, provider)

    assert not control.finish_if_done(dispatch.pk, now=timezone.now())
    # Whatever it was, it may have arrived: nobody opens a connection for it.
    Delivery.objects.update(next_at=timezone.now())
    assert not sender.drain(dispatch.pk, Provider(down="must not be opened")).down
    assert control.finish_if_done(dispatch.pk, now=timezone.now())
    assert outcomes(dispatch) == {"reader0@mail.example": UNKNOWN}


def test_what_is_unknown_of_a_second_attempt_is_not_sent_beside_what_is_due() -> None:
    dispatch = dispatching(2)
    provider = deferring(dispatch)
    lost = Delivery.objects.order_by("subscriber_id")[0].subscriber_id
    Delivery.objects.filter(subscriber_id=lost).update(outcome=UNKNOWN)

    sender.drain(dispatch.pk, provider)

    assert provider.received[2:] == ["reader1@mail.example"]
    assert outcomes(dispatch)["reader0@mail.example"] == UNKNOWN


def test_each_attempt_is_counted_and_the_next_one_comes_later() -> None:
    dispatch = dispatching(2)
    provider = deferring(dispatch)
    said: Iterator[Said] = iter([(DEFERRED, "452 full"), REJECTED])
    provider.answer = lambda _copy: next(said)

    began = timezone.now()
    sender.drain(dispatch.pk, provider)

    deferred, rejected = Delivery.objects.order_by("subscriber_id")
    assert (deferred.outcome, deferred.attempts, deferred.code) == (DEFERRED, 2, "452 full")
    assert deferred.next_at
    assert timedelta(minutes=5) <= deferred.next_at - began < timedelta(minutes=6)
    assert (rejected.outcome, rejected.attempts, rejected.code) == (REJECTED, 2, "")
    assert rejected.next_at is None


def test_whose_data_cannot_be_written_by_then_is_set_aside_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dispatch = dispatching(1)
    provider = deferring(dispatch)

    def broken(_self: CopyMaker, reader: ReaderRow, *, position: int) -> Copy:
        raise BadReaderError(reader.subscriber_id, f"no {position}: " + "!" * 200)

    monkeypatch.setattr(CopyMaker, "make", broken)
    sender.drain(dispatch.pk, provider)

    row = Delivery.objects.get()
    assert (row.outcome, row.code, row.next_at) == (QUARANTINED, "no 0: " + "!" * 114, None)
    numbers = progress.measure(dispatch.pk).by_outcome
    assert (numbers["quarantined"], numbers["deferred"]) == (1, 0)


def test_what_a_person_sends_again_of_a_finished_dispatch_is_sent() -> None:
    dispatch = dispatching(3)
    provider = Provider(answer=lambda _copy: None)
    sender.drain(dispatch.pk, provider)
    assert control.finish_if_done(dispatch.pk, now=timezone.now())
    readers = list(Delivery.objects.values_list("subscriber_id", flat=True))
    over = Dispatch.objects.get()
    over.pk, over.kind = None, Dispatch.Kind.MISSED
    over.save(force_insert=True)

    assert resolving.resend(dispatch.pk, readers[:2], by="ada", now=timezone.now()) == 2
    over.refresh_from_db()
    assert over.state == Dispatch.State.FINISHED
    assert sweep() == [dispatch.pk]
    provider.answer = lambda _copy: ACCEPTED
    sender.drain(dispatch.pk, provider)

    assert sorted(outcomes(dispatch).values()) == [ACCEPTED, ACCEPTED, UNKNOWN]
    assert len(provider.received) == 5
    assert control.finish_if_done(dispatch.pk, now=timezone.now())


def test_of_a_cancelled_dispatch_nothing_is_sent_again() -> None:
    dispatch = dispatching(3)
    sender.drain(dispatch.pk, Provider(answer=lambda _copy: None))
    control.cancel(dispatch, reason="wrong issue")
    readers = list(Delivery.objects.values_list("subscriber_id", flat=True))

    assert resolving.resend(dispatch.pk, readers, by="ada", now=timezone.now()) == 0
    assert set(outcomes(dispatch).values()) == {UNKNOWN}


def test_a_deferral_that_comes_after_the_cancel_is_settled_by_the_next_sweep() -> None:
    dispatch = dispatching(2)

    def cancel(_copy: Copy) -> None:
        if not Delivery.objects.exists():
            Dispatch.objects.filter(pk=dispatch.pk).update(state=Dispatch.State.CANCELLED)

    provider = Provider(answer=lambda _copy: (DEFERRED, "451 later"), before=cancel)
    sender.drain(dispatch.pk, provider)
    assert set(outcomes(dispatch).values()) == {DEFERRED}

    assert sweep() == [dispatch.pk]
    sender.drain(dispatch.pk, provider)

    assert set(outcomes(dispatch).values()) == {CANCELLED}
    assert progress.measure(dispatch.pk).by_outcome["cancelled"] == 2
    assert sweep() == []


@pytest.mark.django_db(transaction=True)
def test_a_second_attempt_holds_up_nobody_who_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    dispatch = dispatching(2)
    provider = deferring(dispatch)
    inside: list[bool] = []
    draw = claims.next_fence

    def draw_and_look(*, now: datetime) -> int:
        inside.append(connection.in_atomic_block)
        return draw(now=now)

    monkeypatch.setattr(claims, "next_fence", draw_and_look)
    sender.drain(dispatch.pk, provider)

    assert len(provider.received) == 4
    assert inside == [False]


@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=2)])
def test_whom_an_outage_kept_from_a_second_attempt_is_not_given_up_for_their_age(
    age: timedelta,
) -> None:
    dispatch = dispatching(1)
    provider = deferring(dispatch)
    # Nor did the first attempt leave.
    Delivery.objects.update(at=timezone.now() - age, attempts=0)

    words = "refused again and again: " + "!" * 120

    def go_away(_copy: Copy) -> None:
        provider.down = words

    provider.before = go_away
    sender.drain(dispatch.pk, provider)

    row = Delivery.objects.get()
    assert (row.outcome, row.attempts, row.code) == (DEFERRED, 0, words[:120])
    assert row.next_at
    assert row.next_at - timezone.now() < timedelta(minutes=2)
