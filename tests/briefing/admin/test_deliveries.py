"""Who got it: the ledger by dispatch, outcome and address, on pages and as a file."""

import csv
import io

import pytest
from django.test import Client
from django.utils import timezone

from briefing.models import Delivery, Dispatch
from tests.briefing.tracking.making import sent
from tests.briefing.tracking.test_consequences import another
from tests.factories import newsletter


def deliver(dispatch: Dispatch, *readers: int) -> None:
    """Write down that readers' copies were accepted."""
    Delivery.objects.bulk_create(
        Delivery(
            dispatch=dispatch,
            subscriber_id=reader,
            address=reader,
            at=timezone.now(),
            outcome=Delivery.Outcome.ACCEPTED,
        )
        for reader in readers
    )


def test_the_ledger_shows_the_newest_dispatch_and_pages_by_key(
    desk: Client, running: Dispatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("briefing.admin.deliveries.ROWS_PER_PAGE", 2)
    readers = (
        newsletter().subscriptions.order_by("subscriber_id").values_list("subscriber_id", flat=True)
    )
    deliver(running, *readers[:3])

    first = desk.get("/admin/deliveries/")
    second = desk.get(f"/admin/deliveries/?{first.context['next_page']}")

    assert [line.reader for line in first.context["lines"]] == [
        "reader0@example.org",
        "reader1@example.org",
    ]
    assert [line.reader for line in second.context["lines"]] == ["reader2@example.org"]
    assert not second.context["next_page"]


def test_an_address_with_more_deliveries_than_a_page_is_paged_to_its_first(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("briefing.admin.deliveries.ROWS_PER_PAGE", 1)
    first = sent(2)
    second = another(first)

    newest = desk.get("/admin/deliveries/?address=reader0@mail.example")
    oldest = desk.get(f"/admin/deliveries/?{newest.context['next_page']}")

    assert [line.dispatch for line in newest.context["lines"]] == [second]
    assert [line.dispatch for line in oldest.context["lines"]] == [first]
    assert not oldest.context["next_page"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("outcome=5", ["reader1@example.org"]),
        ("outcome=1", ["reader0@example.org", "reader2@example.org"]),
        ("address=READER2@example.org", ["reader2@example.org"]),
        ("address=nobody@example.org", []),
        ("address=reader", []),
        ("fate=1", []),
    ],
)
def test_the_ledger_is_asked_by_outcome_and_by_address(
    desk: Client, running: Dispatch, query: str, found: list[str]
) -> None:
    readers = (
        newsletter().subscriptions.order_by("subscriber_id").values_list("subscriber_id", flat=True)
    )
    deliver(running, *readers[:3])
    Delivery.objects.filter(subscriber_id=readers[1]).update(outcome=Delivery.Outcome.UNKNOWN)

    lines = desk.get(f"/admin/deliveries/?{query}").context["lines"]

    assert [line.reader for line in lines] == found


def test_all_of_the_ledger_that_was_asked_for_is_there_as_a_file(
    desk: Client, running: Dispatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("briefing.admin.deliveries.ROWS_PER_PAGE", 1)
    readers = list(newsletter().subscriptions.values_list("subscriber_id", flat=True)[:3])
    deliver(running, *readers)
    Delivery.objects.filter(subscriber_id=readers[1]).update(
        outcome=Delivery.Outcome.REJECTED, code="=550 nobody here"
    )
    page = desk.get(f"/admin/deliveries/?after={readers[0]}")

    file = desk.get(f"/admin/deliveries/?{page.context['as_csv']}")

    assert file.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(file.getvalue().decode())))
    assert [row[1] for row in rows] == ["reader", *map(str, sorted(readers))]
    assert "@" not in str(rows), "addresses leave by exports alone"
    (refused,) = [row for row in rows if row[2] == "rejected"]
    assert refused[:2] + refused[4:5] == [str(running.pk), str(readers[1]), "'=550 nobody here"]
    asked = desk.get("/admin/deliveries/?outcome=1&format=csv").getvalue().decode()
    assert asked.count("accepted") == 2
    assert desk.get("/admin/deliveries/?outcome=99&format=csv").context["form"].errors


@pytest.mark.parametrize("query", ["outcome=99", "dispatch=12345", "after=-1", "after=x"])
def test_the_ledger_refuses_what_it_did_not_offer(
    desk: Client, running: Dispatch, query: str
) -> None:
    answer = desk.get(f"/admin/deliveries/?{query}")

    assert answer.status_code == 200
    assert not answer.context["lines"]
    assert answer.context["form"].errors
