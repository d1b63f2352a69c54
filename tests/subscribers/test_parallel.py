"""Many at once: one row, one mail, one entry, whatever the database."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import pytest
from django.db import connections

from subscribers import address, consent, moving, outbox, sealing, signup, unsubscribe
from subscribers.consent import Entry
from subscribers.models import ConsentRecord, Outbox, Subscriber, Subscription
from tests.subscribers import making

pytestmark = pytest.mark.django_db(transaction=True)
ORIGIN = consent.Origin(form="confirm")


Result = TypeVar("Result")


def _at_once(count: int, act: Callable[[int], Result]) -> list[Result]:
    """Run `act` in threads that start together, each with its own connection."""
    gate = threading.Barrier(count)

    def run(number: int) -> Result:
        try:
            gate.wait()
            return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_fifty_clicks_on_one_confirmation_make_one_reader() -> None:
    asked = making.pending("anna@example.com")

    found = _at_once(50, lambda _: signup.confirm(asked.pk, origin=ORIGIN, now=making.NOW).newly)

    assert found.count(True) == 1
    assert Subscriber.objects.count() == 1
    assert Subscription.objects.count() == 1
    assert ConsentRecord.objects.filter(act="confirmed").count() == 1
    assert Outbox.objects.filter(purpose="welcome").count() == 1


def test_fifty_signups_of_one_address_make_one_mail_and_one_reader() -> None:
    wish = making.wish("anna@example.com")

    def ask(_: int) -> None:
        signup.work(signup.request(wish, now=making.NOW).pk, now=making.NOW)

    _at_once(50, ask)

    (row,) = Outbox.objects.all()
    assert row.signup_id
    signup.confirm(row.signup_id, origin=ORIGIN, now=making.NOW)
    assert Subscriber.objects.count() == 1


def test_confirmations_of_two_requests_at_once_make_one_reader() -> None:
    asked = [
        making.pending("anna@example.com", now=making.NOW + timedelta(minutes=20 * number))
        for number in range(3)
    ]

    _at_once(3, lambda number: signup.confirm(asked[number].pk, origin=ORIGIN, now=making.NOW))

    assert Subscriber.objects.count() == 1
    assert Subscription.objects.count() == 1


def test_one_mail_is_claimed_by_one_worker() -> None:
    making.pending("anna@example.com")
    row = Outbox.objects.get()

    claimed = _at_once(20, lambda _: outbox.claim(row.pk, now=making.NOW))

    assert sum(found is not None for found in claimed) == 1


def test_clicks_on_one_change_of_address_move_once_and_each_is_told_so() -> None:
    row = making.confirmed("anna@example.com")
    asked = moving.ask(row, address.parse("new@example.org"), now=making.NOW)
    wish = moving.asked(asked or 0)
    assert wish

    told = _at_once(8, lambda _: moving.confirm(wish, origin=ORIGIN, now=making.NOW))

    assert sum(found is not None for found in told) == 1
    assert Subscriber.objects.get().address == "new@example.org"


def test_a_ledger_written_and_sealed_by_many_at_once_is_whole() -> None:
    origin = consent.Origin(notice=making.notice())

    def write_or_seal(number: int) -> None:
        for _ in range(6):
            if number < 2:
                sealing.seal(now=making.NOW)
            else:
                entry = Entry(uuid.uuid4(), ConsentRecord.Act.CONFIRMED, making.NOW, 1, origin)
                consent.record(entry)

    _at_once(8, write_or_seal)
    sealing.seal_all(now=making.NOW)

    found = sealing.verify()
    assert (found.records, found.unsealed, found.broken) == (36, 0, "")


def test_twenty_unsubscribes_at_once_are_one_act() -> None:
    row = making.confirmed("anna@example.com")

    _at_once(
        20,
        lambda _: unsubscribe.by_link(
            row.subscriber_id, row.newsletter_id, origin=ORIGIN, now=making.NOW
        ),
    )

    assert ConsentRecord.objects.filter(act="withdrawn").count() == 1
    assert Outbox.objects.filter(purpose="goodbye").count() == 1
