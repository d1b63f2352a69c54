"""Who holds a batch: one worker at a time, until its lease is over, by an ever higher fence."""

import threading
from array import array
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries, Settings

from briefing.dispatch import claims, highwater
from briefing.dispatch.claims import Held
from briefing.dispatch.outcome import UNKNOWN
from briefing.models import Batch, Delivery, Dispatch, Fence
from tests.briefing.dispatch.making import dispatching

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=90)
State = Batch.State


@pytest.fixture
def dispatch(db: None, settings: Settings) -> Dispatch:
    """Make a dispatch of three batches, two readers each, all due at the same time."""
    settings.BATCH_SIZE, settings.LEASE_SECONDS = 2, 90
    planned = dispatching(6)
    Batch.objects.update(not_before=NOW)
    return planned


def batches() -> list[Batch]:
    return list(Batch.objects.order_by("pk"))


def claim(dispatch: Dispatch, *, at: datetime = NOW) -> Held:
    held = claims.claim(dispatch.pk, now=at)
    assert held
    return held


def claim_all(dispatch: Dispatch, *, at: datetime = NOW) -> list[int]:
    """Claim until nothing is left; return the batches in that order."""
    claimed: list[int] = []
    while (held := claims.claim(dispatch.pk, now=at)) and len(claimed) < 9:
        claimed.append(held.batch_id)
    return claimed


def test_the_holder_has_the_batch_as_it_was_planned(dispatch: Dispatch) -> None:
    planned = batches()[0]
    readers = array("q")
    readers.frombytes(bytes(planned.readers))

    held = claim(dispatch)

    number = Fence.objects.get().number
    assert held == Held(
        batch_id=planned.pk,
        variant_id=planned.variant_id,
        lane=planned.lane,
        readers=readers,
        fence=number,
        intent_upto=0,
        done_upto=0,
        cautious=False,
        claims=1,
        began_at=0,
    )
    assert len(held.readers) == held.size == 2
    assert not held.again
    taken = Batch.objects.get(pk=planned.pk)
    assert (taken.state, taken.fence, taken.claims) == (State.CLAIMED, number, 1)
    assert taken.lease_until == NOW + LEASE


def test_the_batches_behind_it_are_left_for_others(dispatch: Dispatch) -> None:
    claim(dispatch)

    assert [(each.state, each.claims) for each in batches()[1:]] == [(State.PENDING, 0)] * 2


def test_what_has_waited_longest_is_claimed_first(dispatch: Dispatch) -> None:
    first, second, third = (each.pk for each in batches())
    Batch.objects.filter(pk=third).update(not_before=NOW - SECOND)

    assert claim_all(dispatch) == [third, first, second]


def test_nothing_is_claimed_before_its_time(dispatch: Dispatch) -> None:
    first, second, third = batches()
    # Whatever a lease says that once was.
    Batch.objects.update(lease_until=NOW - SECOND)
    Batch.objects.filter(pk=first.pk).update(not_before=NOW + SECOND)
    Batch.objects.filter(pk=second.pk).update(not_before=None)
    Batch.objects.filter(pk=third.pk).update(state=State.DONE)

    assert claim_all(dispatch) == []
    assert claim_all(dispatch, at=NOW + SECOND) == [first.pk]


def test_a_batch_of_another_dispatch_is_not_claimed(dispatch: Dispatch) -> None:
    assert claims.claim(dispatch.pk + 1, now=NOW) is None


def test_a_batch_is_its_holders_until_the_lease_is_over(dispatch: Dispatch) -> None:
    held = claim(dispatch)
    Batch.objects.exclude(pk=held.batch_id).update(not_before=None)

    assert claims.claim(dispatch.pk, now=NOW + LEASE) is None
    again = claim(dispatch, at=NOW + LEASE + SECOND)

    assert again.batch_id == held.batch_id
    assert again.fence > held.fence
    assert again.again


def test_the_mark_outside_the_database_knows_each_claim(dispatch: Dispatch) -> None:
    held = claim(dispatch)

    assert highwater.read() == highwater.Mark(held.fence, NOW)


def test_a_claim_is_a_sign_of_life(dispatch: Dispatch) -> None:
    claim(dispatch)

    assert Fence.objects.get().heartbeat_at == NOW


def test_a_sign_of_life_is_never_set_back(db: None) -> None:
    claims.next_fence(now=NOW)
    claims.next_fence(now=NOW - SECOND)

    assert Fence.objects.get().heartbeat_at == NOW


def test_a_fence_is_drawn_from_one_row_and_each_is_the_next(db: None) -> None:
    # Whatever number the next row would get by itself.
    Fence.objects.create(pk=5)
    Fence.objects.all().delete()

    assert [claims.next_fence(now=NOW) for _ in range(3)] == [1, 2, 3]
    assert list(Fence.objects.values_list("pk", "number")) == [(1, 3)]
    assert claims.last_fence() == 3


def test_a_fence_costs_two_statements(
    dispatch: Dispatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    claim(dispatch)

    with django_assert_num_queries(2):
        claims.next_fence(now=NOW)


def test_whoever_is_second_at_a_batch_takes_the_next(
    dispatch: Dispatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = claim(dispatch)
    seen = [first.batch_id]
    choose = claims._candidate  # noqa: SLF001  the moment between choosing and claiming

    def late(dispatch_id: int, *, now: datetime) -> int | None:
        # Chosen while the other's claim was not yet committed.
        return seen.pop() if seen else choose(dispatch_id, now=now)

    monkeypatch.setattr(claims, "_candidate", late)
    second = claim(dispatch)

    assert second.batch_id == batches()[1].pk
    assert Batch.objects.get(pk=first.batch_id).fence == first.fence


def test_a_batch_given_back_was_nobodys_death(dispatch: Dispatch) -> None:
    held = claim(dispatch)
    claims.release(held, not_before=NOW)

    again = claim(dispatch)

    assert (again.batch_id, again.claims, again.again) == (held.batch_id, 2, True)
    assert Batch.objects.get(pk=held.batch_id).deaths == 0


def test_the_first_claim_recovers_nothing_though_a_lease_is_written(dispatch: Dispatch) -> None:
    Batch.objects.update(lease_until=NOW - SECOND)

    held = claim(dispatch)

    assert Batch.objects.get(pk=held.batch_id).deaths == 0


def test_what_was_in_flight_when_the_lease_ran_out_is_unknown_and_not_sent(
    dispatch: Dispatch,
) -> None:
    held = claim(dispatch)
    Batch.objects.filter(pk=held.batch_id).update(intent_upto=1)
    later = NOW + LEASE + SECOND

    again = claim(dispatch, at=later + SECOND)
    while again.batch_id != held.batch_id:
        again = claim(dispatch, at=later + SECOND)

    assert (again.intent_upto, again.done_upto, again.began_at, again.size) == (1, 1, 1, 2)
    row = Delivery.objects.get()
    assert (row.subscriber_id, row.outcome) == (held.readers[0], UNKNOWN)
    assert row.at == later + SECOND
    assert Batch.objects.get(pk=held.batch_id).deaths == 1


def test_a_batch_that_was_wholly_in_flight_is_done_and_the_next_one_claimed(
    dispatch: Dispatch,
) -> None:
    held = claim(dispatch)
    Batch.objects.filter(pk=held.batch_id).update(intent_upto=2, not_before=NOW - SECOND)

    assert claim(dispatch, at=NOW + LEASE + SECOND).batch_id == batches()[1].pk
    assert Batch.objects.get(pk=held.batch_id).state == State.DONE


@pytest.mark.parametrize(("deaths", "cautious"), [(0, False), (1, False), (2, True), (3, True)])
def test_after_two_deaths_readers_are_tried_one_by_one(
    deaths: int,
    cautious: bool,  # noqa: FBT001  a column of the table above
    dispatch: Dispatch,
) -> None:
    Batch.objects.update(deaths=deaths)

    assert claim(dispatch).cautious is cautious


def test_a_batch_given_back_waits_for_its_time_with_nothing_in_flight(dispatch: Dispatch) -> None:
    held = claim(dispatch)
    Batch.objects.update(state=State.CLAIMED, fence=held.fence)
    Batch.objects.filter(pk=held.batch_id).update(intent_upto=2)

    claims.release(held, not_before=NOW + SECOND)

    given = Batch.objects.get(pk=held.batch_id)
    assert (given.state, given.lease_until, given.not_before, given.intent_upto) == (
        State.PENDING,
        None,
        NOW + SECOND,
        0,
    )
    assert [(each.state, each.not_before) for each in batches()[1:]] == [(State.CLAIMED, NOW)] * 2


@pytest.mark.parametrize("lost", ["to another", "as done"])
def test_what_is_not_held_any_more_cannot_be_given_back(lost: str, dispatch: Dispatch) -> None:
    held = claim(dispatch)
    own = Batch.objects.filter(pk=held.batch_id)
    own.update(**({"fence": held.fence + 1} if lost == "to another" else {"state": State.DONE}))
    before = own.values().get()

    claims.release(held, not_before=NOW + SECOND)

    assert own.values().get() == before


def test_groups_of_a_batch_are_answered_in_any_order(dispatch: Dispatch) -> None:
    held = claim(dispatch)

    held.finish(2, 4)
    assert held.done_upto == 0
    held.finish(0, 2)
    assert held.done_upto == 4
    assert held.finished == {}


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_another_worker_is_just_claiming_is_passed_over(settings: Settings) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: nobody is ever in the midst of a claim")
    settings.BATCH_SIZE = 2
    dispatch = dispatching(4)
    Batch.objects.update(not_before=NOW)
    first, second = batches()
    holds, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Batch.objects.select_for_update().get(pk=first.pk)
            holds.set()
            done.wait(5)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    assert holds.wait(5)
    held = claim(dispatch)
    done.set()
    other.join()

    assert held.batch_id == second.pk
