"""A database that goes away in the midst of a drain costs time: no copy, no row and no answer."""

import gc
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.utils import timezone
from pytest_django import Settings

from briefing.dispatch import (
    groups,
    intents,
    invariants,
    journal,
    notes,
    outage,
    retries,
    sender,
    upkeep,
)
from briefing.dispatch.outcome import ACCEPTED, DEFERRED
from briefing.dispatch.sql import statements
from briefing.models import Batch, Delivery
from briefing.transports.base import Copy
from tests.briefing.dispatch.making import Provider, dispatching, once, outcomes

_WORDS = "terminating connection due to administrator command"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _small_groups(settings: Settings) -> Iterator[None]:
    settings.GROUP_SIZE, settings.BATCH_SIZE, settings.LEASE_SECONDS = 4, 12, 45
    yield
    assert invariants.violations() == []


@pytest.fixture
def lose(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make one call of a function find the database away, before or behind its work."""

    def lose_at(module: Any, name: str, *, call: int, behind: bool) -> None:
        whole, calls = getattr(module, name), iter(range(1, 1000))

        def lost(*args: Any, **kwargs: Any) -> Any:
            if next(calls) != call:
                return whole(*args, **kwargs)
            if not behind:
                raise OperationalError(_WORDS)
            with unanswered_commit():
                return whole(*args, **kwargs)

        monkeypatch.setattr(module, name, lost)

    return lose_at


@contextmanager
def unanswered_commit() -> Iterator[None]:
    """Let a commit reach the database whose answer does not come back."""
    database = connections["default"]
    with pytest.MonkeyPatch.context() as patch:
        commit = database.commit

        def torn() -> None:
            commit()
            raise OperationalError(_WORDS)

        patch.setattr(database, "commit", torn)
        yield


@pytest.mark.parametrize("behind", [False, True], ids=["before its commit", "behind its commit"])
@pytest.mark.parametrize("call", [1, 2, 3])
def test_lost_at_an_intent_everybody_gets_one_copy(
    lose: Callable[..., None], call: int, *, behind: bool
) -> None:
    dispatch = dispatching(12)
    lose(intents, "intend", call=call, behind=behind)
    provider = Provider()

    report = sender.drain(dispatch.pk, provider)

    # What was on the wire is written down, and the batch is free for the next worker at once.
    assert report.more
    assert outcomes(dispatch) == dict.fromkeys(provider.received, ACCEPTED)
    batch = Batch.objects.get(dispatch=dispatch)
    assert (batch.state, batch.intent_upto) == (Batch.State.PENDING, 4 * (call - 1))
    assert batch.deaths == 0

    sender.drain(dispatch.pk, provider)

    assert set(outcomes(dispatch).values()) == {ACCEPTED}
    assert len(provider.received) == 12
    assert once(provider.received)


def test_answers_that_could_not_be_written_are_written_when_it_is_back(
    lose: Callable[..., None],
) -> None:
    dispatch = dispatching(4)
    lose(groups, "record_in", call=1, behind=False)
    provider = Provider()

    sender.drain(dispatch.pk, provider)

    assert len(provider.received) == 4
    assert set(outcomes(dispatch).values()) == {ACCEPTED}
    assert Batch.objects.get(dispatch=dispatch).state == Batch.State.DONE


def test_an_answer_whose_row_was_written_before_the_loss_is_counted_once(
    lose: Callable[..., None],
) -> None:
    dispatch = dispatching(12)
    lose(groups, "record", call=1, behind=True)

    sender.drain(dispatch.pk, Provider())

    batch = Batch.objects.get(dispatch=dispatch)
    assert (batch.accepted, batch.state) == (12, Batch.State.DONE)


@pytest.mark.parametrize("behind", [False, True], ids=["before its commit", "behind its commit"])
def test_lost_at_a_second_attempt_nobody_stays_unknown(
    lose: Callable[..., None], *, behind: bool
) -> None:
    dispatch = dispatching(3)
    provider = Provider(answer=lambda _copy: (DEFERRED, "451 later"))
    sender.drain(dispatch.pk, provider)
    Delivery.objects.update(next_at=timezone.now())
    provider.received.clear()
    lose(retries, "intend", call=1, behind=behind)

    sender.drain(dispatch.pk, provider)
    upkeep.sweep(now=timezone.now(), ring=lambda _id: None, plan=lambda _id: None)

    assert provider.received == []
    assert set(outcomes(dispatch).values()) == {DEFERRED}


def test_when_it_stays_away_the_journal_is_left_and_tells_what_was_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dispatch = dispatching(12)

    def away(_copy: Copy) -> None:
        monkeypatch.setattr(groups, "record_in", lost)
        monkeypatch.setattr(intents, "record_in", lost)
        monkeypatch.setattr(outage, "is_over", lambda **_: False)

    def lost(*_: Any, **__: Any) -> None:
        raise OperationalError(_WORDS)

    provider = Provider(before=away)
    with pytest.raises(OperationalError):
        sender.drain(dispatch.pk, provider)
    monkeypatch.undo()
    provider.before = lambda _copy: None

    left = notes.groups_of(batch_id=Batch.objects.get().pk, fence=Batch.objects.get().fence)
    assert left
    answered = [note for note in notes.states(left).values() if note == journal.ANSWERED + ACCEPTED]
    assert len(answered) == len(provider.received) > 0

    Batch.objects.update(lease_until=timezone.now())
    sender.drain(dispatch.pk, provider)

    assert set(outcomes(dispatch).values()) == {ACCEPTED}
    assert once(provider.received)


def test_a_connection_that_was_lost_is_let_go() -> None:
    """As many as a worker ever had would be kept: it has a new one after each restart."""
    if connection.vendor != "postgresql":
        pytest.skip("no cursor is kept for SQLite")
    statements.rows("SELECT 1", [])
    lost = weakref.ref(connection.connection)
    connection.close()

    assert statements.rows("SELECT 1", []) == [(1,)]
    gc.collect()

    assert lost() is None
