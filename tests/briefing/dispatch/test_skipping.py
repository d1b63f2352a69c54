"""Who is not written to though planned: whoever withdrew before the intent, with the reason."""

from collections.abc import Iterator
from datetime import date

import pytest
from pytest_django import Settings

from briefing.dispatch import claims, intents, results
from briefing.dispatch.outcome import ACCEPTED, SKIPPED
from briefing.dispatch.sql.rows import ReaderRow
from briefing.models import Delivery
from subscribers.models import Subscription
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


@pytest.fixture
def worker(db: None, settings: Settings) -> Iterator[Worker]:
    settings.LEASE_SECONDS, settings.EMAIL_TIMEOUT = 90, 30
    with holding(6) as made:
        yield made


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"state": "unsubscribed"}, "unsubscribed"),
        ({"withheld": "suppressed"}, "suppressed"),
        ({"paused_until": date(2026, 3, 3)}, "paused"),
    ],
)
def test_whoever_withdrew_is_skipped_with_the_reason_and_the_others_are_not(
    values: dict[str, object], reason: str, worker: Worker
) -> None:
    withdraw(1, **values)

    group = worker.send(4)

    assert numbers(group) == [0, 2, 3]
    assert [copy.position for copy in group.copies] == [0, 2, 3]
    assert settled() == {reader(1).pk: (SKIPPED, reason)}
    row = Delivery.objects.get()
    assert (row.at, row.attempts, row.address) == (NOW, 0, None)
    assert (batch().skipped, batch().quarantined) == (1, 0)


def test_a_pause_that_ends_today_is_over(worker: Worker) -> None:
    withdraw(1, paused_until=NOW.date())

    assert numbers(worker.send(2)) == [0, 1]


def test_whoever_left_another_newsletter_is_written_to(worker: Worker) -> None:
    own = Subscription.objects.get(subscriber=reader(1))
    own.newsletter.pk = None
    own.newsletter.slug = "a-third-letter"
    own.newsletter.save()
    Subscription.objects.create(
        subscriber=own.subscriber,
        newsletter=own.newsletter,
        state="unsubscribed",
        confirmed_at=NOW,
        unsubscribed_at=NOW,
    )

    assert numbers(worker.send(3)) == [0, 1, 2]


def test_an_erased_reader_is_skipped(worker: Worker) -> None:
    gone = reader(1)
    Subscription.objects.filter(subscriber=gone).delete()

    assert numbers(worker.send(3)) == [0, 2]
    assert settled() == {gone.pk: (SKIPPED, "erased")}


def test_whose_address_has_its_copy_is_skipped_and_nobody_else(worker: Worker) -> None:
    had, other = reader(1), reader(2)
    for dispatch_id, of, holder in (
        (worker.dispatch.pk, had, 1001),
        # As chance would have it another dispatch's row holds this key.
        (worker.dispatch.pk + 1, other, 1002),
    ):
        key = results.copy_key(worker.dispatch.pk, bytes(of.address_hash or b""))
        told = results.Verdict(ACCEPTED, attempts=1, address=key)
        results.write([results.row(dispatch_id, holder, told, now=NOW)])

    assert numbers(worker.send(4)) == [0, 2, 3]
    assert settled()[had.pk] == (SKIPPED, "duplicate")


def test_who_has_a_row_from_an_intent_that_was_taken_back_gets_no_second_one(
    worker: Worker,
) -> None:
    withdraw(1, state="unsubscribed")
    worker.send(4)
    worker.held.intent_upto = 0
    claims.release(worker.held, not_before=NOW)
    withdraw(1, state="active")
    again = Worker(worker.dispatch)

    group = again.send(6)
    again.journal.close()

    assert numbers(group) == [0, 2, 3, 4, 5]
    assert settled() == {reader(1).pk: (SKIPPED, "unsubscribed")}
    assert batch().skipped == 1


def test_a_row_of_another_dispatch_keeps_nobody_from_this_one(worker: Worker) -> None:
    claims.release(worker.held, not_before=NOW)
    again = Worker(worker.dispatch)
    told = results.Verdict(SKIPPED, "unsubscribed")
    results.write([results.row(worker.dispatch.pk + 1, reader(1).pk, told, now=NOW)])

    group = again.send(3)
    again.journal.close()

    assert numbers(group) == [0, 1, 2]


def row(subscriber_id: int = 7, *, withdrawn: str = "", address: str = "a@b.example") -> ReaderRow:
    return ReaderRow(subscriber_id, withdrawn, address, "b.example", "", b"12345678", "en", "html")


@pytest.mark.parametrize(
    ("seen", "taken", "reason"),
    [
        (None, set(), "erased"),
        (row(), set(), ""),
        (row(), {8}, ""),
        (row(), {7}, "duplicate"),
        (row(withdrawn="paused"), set(), "paused"),
        (row(withdrawn="paused"), {7}, "paused"),
        (row(address=""), set(), "erased"),
        (row(withdrawn="unsubscribed", address=""), set(), "unsubscribed"),
    ],
)
def test_a_reader_is_skipped_for_the_first_reason_there_is(
    seen: ReaderRow | None, taken: set[int], reason: str
) -> None:
    assert intents.reason_to_skip(seen, taken) == reason
