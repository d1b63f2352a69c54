"""What guards the promise while others are at work: the lock, the deadline, one key for each copy."""

import threading
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django import Settings

from briefing.dispatch import intents, invariants, results, sender
from briefing.dispatch.outcome import ACCEPTED, SKIPPED
from briefing.models import Delivery
from subscribers.models import Subscription
from tests.briefing.dispatch.making import Provider, dispatching

# How long another connection may take when nothing stops it.
_AT_ONCE = 0.5


@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_waits_for_an_intent_that_has_looked_already(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dispatch = dispatching(2)
    looked, left = intents.Preparing.prepare, threading.Event()

    def leave() -> None:
        try:
            Subscription.objects.update(state=Subscription.State.UNSUBSCRIBED)
            left.set()
        except OperationalError:
            # SQLite says after its own wait that somebody else is writing.
            pass
        finally:
            connection.close()

    leaving = threading.Thread(target=leave)
    left_before_the_commit: list[bool] = []

    def look(self: intents.Preparing, positions: range) -> Any:
        found = looked(self, positions)
        leaving.start()
        left_before_the_commit.append(left.wait(_AT_ONCE))
        return found

    monkeypatch.setattr(intents.Preparing, "prepare", look)
    sender.drain(dispatch.pk, Provider())
    leaving.join()

    assert left_before_the_commit == [False]


@pytest.mark.django_db
def test_nothing_is_started_that_could_be_answered_only_after_the_lease(
    settings: Settings,
) -> None:
    dispatch = dispatching(3)
    settings.LEASE_SECONDS, settings.EMAIL_TIMEOUT = 10, 10
    provider = Provider()

    sender.drain(dispatch.pk, provider)

    assert provider.received == []
    assert not Delivery.objects.exists()


@pytest.mark.django_db
def test_of_two_readers_with_one_address_only_one_row_has_its_key() -> None:
    dispatch = dispatching(2)
    key = results.copy_key(dispatch.pk, b"12345678")
    told = results.Verdict(ACCEPTED, attempts=1, address=key)

    for reader in (1001, 1002):
        results.write([results.row(dispatch.pk, reader, told, now=timezone.now())])

    keys = Delivery.objects.filter(dispatch=dispatch).order_by("subscriber_id")
    assert list(keys.values_list("address", flat=True)) == [key, None]
    assert "I3" not in {each.invariant for each in invariants.violations()}


@pytest.mark.django_db
def test_a_key_that_another_dispatch_holds_by_chance_keeps_nobody_from_a_copy() -> None:
    first = dispatching(2)
    sender.drain(first.pk, Provider())
    # As chance would have it: what was written to one person then is this reader's key now.
    second = first.pk + 1
    row = Delivery.objects.filter(dispatch=first).order_by("subscriber_id").first()
    assert row is not None
    told = results.Verdict(ACCEPTED, attempts=1, address=row.address)

    results.write([results.row(second, 1001, told, now=timezone.now())])

    assert Delivery.objects.get(dispatch_id=second).address is None


@pytest.mark.django_db
def test_an_address_that_has_its_copy_is_skipped_whoever_holds_it_now() -> None:
    dispatch = dispatching(2)
    reader = Subscription.objects.get(subscriber__address="reader0@mail.example").subscriber
    assert reader.address_hash
    key = results.copy_key(dispatch.pk, bytes(reader.address_hash))
    told = results.Verdict(ACCEPTED, attempts=1, address=key)
    results.write([results.row(dispatch.pk, 1001, told, now=timezone.now())])
    provider = Provider()

    sender.drain(dispatch.pk, provider)

    assert provider.received == ["reader1@mail.example"]
    skipped = Delivery.objects.get(dispatch=dispatch, outcome=SKIPPED)
    assert (skipped.subscriber_id, skipped.code) == (reader.pk, "duplicate")
