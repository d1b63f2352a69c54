"""A worker that lets go of a batch has nothing of it on the wire, whatever made it let go."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from briefing.dispatch import claims, invariants, journal, pace, sender
from briefing.dispatch.outcome import ACCEPTED, DEFERRED
from briefing.models import Batch, Breaker, Delivery
from briefing.transports.base import Copy
from tests.briefing.dispatch.making import Provider, dispatching, once, outcomes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_groups(settings: Settings) -> Iterator[None]:
    settings.GROUP_SIZE, settings.BATCH_SIZE = 2, 10
    yield
    assert invariants.violations() == []


def test_a_batch_whose_lane_has_to_wait_is_given_back_with_all_its_answers_written_down(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatch = dispatching(10)
    # Four leave at once, the next two would have to wait for longer than a drain waits itself.
    settings.RATES = {"bulk": 2.0}
    monkeypatch.setattr(pace, "_SHORT_WAIT", timedelta(0))
    left_open: list[int] = []
    release = claims.release

    def release_and_look(held: claims.Held, *, not_before: datetime) -> None:
        release(held, not_before=not_before)
        batch = Batch.objects.get(pk=held.batch_id)
        left_open.append(batch.intent_upto - Delivery.objects.count())

    monkeypatch.setattr(claims, "release", release_and_look)

    report = sender.drain(dispatch.pk, Provider())

    assert report.more
    assert report.handed_over > 0
    assert report.wait.total_seconds() > 0
    assert left_open == [0]


def test_a_worker_told_to_stop_finishes_what_it_began_and_leaves_the_rest_to_others() -> None:
    dispatch = dispatching(10)
    provider = Provider()

    report = sender.drain(dispatch.pk, provider, is_stopping=lambda: len(provider.received) >= 2)

    assert report.more
    assert 2 <= len(provider.received) <= 4
    assert outcomes(dispatch) == dict.fromkeys(provider.received, ACCEPTED)
    batch = Batch.objects.get(dispatch=dispatch)
    assert (batch.state, batch.lease_until) == (Batch.State.PENDING, None)

    sender.drain(dispatch.pk, provider)

    assert len(provider.received) == 10
    assert once(provider.received)
    assert Batch.objects.get(dispatch=dispatch).deaths == 0


def test_a_provider_that_is_away_is_tried_each_second_until_the_breaker_opens() -> None:
    dispatch = dispatching(10)
    provider = Provider(down="connection refused")

    for _ in range(5):
        report = sender.drain(dispatch.pk, provider)
        assert report.down
        assert report.more
        assert report.wait == timedelta(seconds=1)
        Batch.objects.update(not_before=timezone.now())

    open_until = Breaker.objects.get(account="bulk").open_until
    assert open_until
    assert open_until > timezone.now()
    assert not Delivery.objects.exists()


def test_a_provider_that_waiting_does_not_bring_back_stops_the_dispatch_for_a_person() -> None:
    dispatch = dispatching(2)

    sender.drain(dispatch.pk, Provider(down="535 wrong password", for_good=True))

    dispatch.refresh_from_db()
    assert (dispatch.state, dispatch.reason) == ("paused", "535 wrong password")


def test_a_drain_leaves_no_file_behind_when_the_database_knows_all_it_did() -> None:
    dispatch = dispatching(2)
    before = set(journal.folder().glob("*"))

    # Nothing could be sent; all of it was; nothing was left to send.
    for provider in (Provider(down="connection refused"), Provider(), Provider()):
        sender.drain(dispatch.pk, provider)
        Batch.objects.update(not_before=timezone.now())

        assert set(journal.folder().glob("*")) == before


def test_a_worker_that_overslept_is_not_held_against_the_account(settings: Settings) -> None:
    dispatch = dispatching(10)
    provider = Provider(late=True)

    report = sender.drain(dispatch.pk, provider)

    assert report.more
    assert provider.received == []
    assert not Breaker.objects.exists()
    assert not Delivery.objects.exists()


def test_a_batch_that_was_one_group_is_given_back_as_a_whole(settings: Settings) -> None:
    settings.GROUP_SIZE, settings.BATCH_SIZE = 100, 3
    dispatch = dispatching(7)

    sender.drain(dispatch.pk, Provider(late=True))

    assert not Delivery.objects.exists()
    batches = Batch.objects.filter(dispatch=dispatch)
    assert {(each.state, each.intent_upto) for each in batches} == {(Batch.State.PENDING, 0)}


def test_after_a_call_nobody_can_tell_the_fate_of_the_next_ones_risk_one_reader_each(
    settings: Settings,
) -> None:
    settings.GROUP_SIZE, settings.BATCH_SIZE = 3, 12
    dispatch = dispatching(12)
    # Of two groups in flight neither is answered; then the provider is back.
    provider = Provider(answer=lambda copy: None if copy.position < 6 else ACCEPTED)
    sizes: list[int] = []
    provider.grouped = sizes.append

    sender.drain(dispatch.pk, provider)

    assert sizes == [3, 3, 1, 1, 3, 1]


def test_a_lost_connection_in_mid_group_gives_the_batch_back_behind_the_last_copy_that_left() -> (
    None
):
    dispatch = dispatching(10)
    provider = Provider()

    def go_away(copy: Copy) -> None:
        if copy.recipient == "reader1@mail.example":
            provider.down = "connection lost"

    provider.before = go_away

    sender.drain(dispatch.pk, provider)

    batch = Batch.objects.get(dispatch=dispatch)
    assert (batch.state, batch.intent_upto, batch.done_upto) == (Batch.State.PENDING, 1, 1)


def test_the_first_reader_is_set_back_once_six_claims_brought_nobody_any_further() -> None:
    dispatch = dispatching(2)
    Batch.objects.update(claims=5)

    def hang(_copy: Copy) -> None:
        provider.down = "no reply in time"

    rows: list[int] = []
    for _claim in range(2):
        provider = Provider(before=hang)
        sender.drain(dispatch.pk, provider)
        rows.append(Delivery.objects.count())
        Batch.objects.update(not_before=timezone.now())

    assert rows == [0, 1]


def test_a_reader_over_whom_the_server_hangs_does_not_stop_the_others_for_ever() -> None:
    dispatch = dispatching(5)
    provider = Provider()

    def hang(copy: Copy) -> None:
        provider.down = "no reply in time" if copy.recipient == "reader3@mail.example" else ""

    provider.before = hang

    for _ in range(10):
        provider.down = ""
        sender.drain(dispatch.pk, provider)
        Batch.objects.update(not_before=timezone.now())

    assert Batch.objects.get().state == Batch.State.DONE
    rows = outcomes(dispatch)
    assert rows.pop("reader3@mail.example") == DEFERRED
    assert Delivery.objects.get(outcome=DEFERRED).attempts == 0
    assert set(rows.values()) == {ACCEPTED}
    assert once(provider.received)
