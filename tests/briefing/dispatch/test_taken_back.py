"""An intent that is taken back leaves each reader with one row, and every number as it was."""

from collections.abc import Iterator

import pytest
from django.utils import timezone
from pytest_django import Settings

from briefing.dispatch import control, invariants, progress, sender
from briefing.dispatch.outcome import ACCEPTED, SKIPPED
from briefing.models import Batch, Dispatch
from subscribers.models import Subscription
from tests.briefing.dispatch.making import Provider, dispatching, outcomes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_groups(settings: Settings) -> Iterator[None]:
    settings.GROUP_SIZE, settings.BATCH_SIZE = 4, 8
    yield
    assert invariants.violations() == []


def leave(address: str) -> None:
    Subscription.objects.filter(subscriber__address=address).update(
        state=Subscription.State.UNSUBSCRIBED
    )


def return_to(address: str) -> None:
    Subscription.objects.filter(subscriber__address=address).update(state=Subscription.State.ACTIVE)


def lose_the_provider(dispatch: Dispatch) -> Provider:
    """Drain until the provider goes away at the first copy of a group that skipped one reader."""
    provider = Provider()

    def go_away(_copy: object) -> None:
        provider.down = "connection lost"

    provider.before = go_away
    sender.drain(dispatch.pk, provider)
    provider.before, provider.down = (lambda _copy: None), ""
    Batch.objects.update(not_before=timezone.now())
    return provider


def test_a_reader_skipped_by_an_intent_that_was_taken_back_is_counted_once() -> None:
    dispatch = dispatching(8)
    leave("reader2@mail.example")
    provider = lose_the_provider(dispatch)

    sender.drain(dispatch.pk, provider)

    rows = outcomes(dispatch)
    assert rows.pop("reader2@mail.example") == SKIPPED
    assert set(rows.values()) == {ACCEPTED}
    assert progress.measure(dispatch.pk).by_outcome["skipped"] == 1
    assert control.finish_if_done(dispatch.pk, now=timezone.now())


def test_whoever_was_skipped_and_came_back_meanwhile_stays_skipped_and_gets_no_copy() -> None:
    dispatch = dispatching(8)
    leave("reader2@mail.example")
    provider = lose_the_provider(dispatch)
    return_to("reader2@mail.example")

    sender.drain(dispatch.pk, provider)

    assert outcomes(dispatch)["reader2@mail.example"] == SKIPPED
    assert "reader2@mail.example" not in provider.received


def test_a_cancel_after_an_intent_was_taken_back_counts_nobody_twice() -> None:
    dispatch = dispatching(8)
    leave("reader2@mail.example")
    provider = lose_the_provider(dispatch)
    control.cancel(dispatch, reason="wrong issue")

    sender.drain(dispatch.pk, provider)

    now = progress.measure(dispatch.pk)
    assert (now.by_outcome["skipped"], now.by_outcome["cancelled"], now.open) == (1, 7, 0)
