"""An import beside another, and beside somebody who is suppressed while it writes."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from django.db import connection, connections

from subscribers import address, barring, crowd, privacy, suppression
from subscribers.models import ConsentRecord, Subscriber, Subscription, Suppression, Tally
from subscribers.transfer import importing
from subscribers.transfer.columns import Standing
from subscribers.transfer.importing import Ground
from subscribers.transfer.reading import Person
from tests.subscribers import making

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sql]

NUMBER = 2000


def people(*names: str) -> list[Person]:
    """Return rows as a list has them."""
    parsed = [address.parse(f"{name}@example.org") for name in names]
    return [Person(2, each, "", None, Standing.READS) for each in parsed]


def bring(rows: list[Person]) -> None:
    ground = Ground(making.newsletter(), "Signed up at the fair", date(2020, 5, 6))
    list(importing.bring(rows, ground, now=making.NOW))


def test_two_imports_of_the_same_readers_in_another_order_both_come_to_their_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    making.newsletter()
    rows = people(*(f"reader{number}" for number in range(NUMBER)))
    gate, written = threading.Barrier(2), crowd.write_readers
    looked: set[int] = set()

    def write(*args: Any, **kwargs: Any) -> None:
        if connection.vendor == "postgresql" and threading.get_ident() not in looked:
            # Both have looked and found nobody; the second try is not waited for.
            looked.add(threading.get_ident())
            gate.wait(30)
        written(*args, **kwargs)

    def run(mine: list[Person]) -> None:
        try:
            bring(mine)
        finally:
            connections.close_all()

    monkeypatch.setattr(crowd, "write_readers", write)
    with ThreadPoolExecutor(2) as hands:
        list(hands.map(run, [rows, rows[::-1]]))

    assert Subscriber.objects.count() == Subscription.objects.count() == NUMBER
    assert ConsentRecord.objects.count() == NUMBER


@pytest.mark.parametrize("place", ["write_readers", "write_ledger"])
def test_whoever_is_suppressed_while_the_portion_is_written_is_withheld(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    making.newsletter()
    written, withhold = getattr(crowd, place), barring.withhold

    def suppress(name: str) -> None:
        try:
            suppression.suppress(f"{name}@example.org", Suppression.Reason.MANUAL, now=making.NOW)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other:

        def write(*args: Any, **kwargs: Any) -> None:
            other.submit(suppress, "gone").result()
            written(*args, **kwargs)

        def suppress_late(*args: Any, **kwargs: Any) -> None:
            withhold(*args, **kwargs)
            late = other.submit(suppress, "late")
            while not late.done() and not _somebody_waits():
                pass

        monkeypatch.setattr(crowd, place, write)
        monkeypatch.setattr(barring, "withhold", suppress_late)
        bring(people("gone", "ada", "late"))

    held = Subscription.objects.values_list("subscriber__address_key", "withheld")
    assert dict(held) == {
        "ada@example.org": "",
        "gone@example.org": "suppressed",
        "late@example.org": "suppressed",
    }
    counted = Tally.objects.filter(about="day", kind="withheld").values_list("number", flat=True)
    assert sum(counted) == 2


def test_whoever_is_erased_while_the_portion_is_written_stays_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    reader = making.subscription("gone@example.org", making.noise()).subscriber
    making.newsletter()
    written = crowd.write_readers

    def erase() -> None:
        try:
            privacy.erase("gone@example.org", now=making.NOW)
        finally:
            connections.close_all()

    def write(*args: Any, **kwargs: Any) -> None:
        with ThreadPoolExecutor(1) as other:
            other.submit(erase).result()
        written(*args, **kwargs)

    monkeypatch.setattr(crowd, "write_readers", write)
    bring(people("gone", "ada"))

    assert not Subscriber.objects.filter(address_key="gone@example.org").exists()
    assert not Subscription.objects.filter(subscriber=reader, state="active").exists()
    (ada,) = Subscription.objects.filter(newsletter=making.newsletter())
    assert ada.subscriber.address_key == "ada@example.org"


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
