"""Suppressing by hand, and lifting: only for somebody who knows the address."""

import pytest
from django.test import Client

from subscribers import suppression
from subscribers.models import Subscription, Suppression
from tests.factories import NOW, noise
from tests.subscribers.making import confirmed

Reason = Suppression.Reason


@pytest.fixture
def client(admin_client: Client) -> Client:
    """Return the client of somebody who may do everything."""
    return admin_client


def test_a_person_suppresses_an_address_and_its_reader_gets_nothing_more(client: Client) -> None:
    noise()
    confirmed("anna@example.org")

    client.post(
        "/admin/subscribers/suppression/add/",
        {"address": "Anna@Example.org", "note": "asked by phone"},
    )

    assert suppression.reasons("anna@example.org") == {Reason.MANUAL}
    assert Suppression.objects.get().note == "asked by phone"
    withheld = Subscription.objects.get(subscriber__address_key="anna@example.org").withheld
    assert withheld == Subscription.Withheld.SUPPRESSED


def test_suppressing_twice_leaves_one_row(client: Client) -> None:
    for _ in range(2):
        answer = client.post(
            "/admin/subscribers/suppression/add/", {"address": "a@example.org", "note": ""}
        )

    assert answer.status_code == 302
    assert Suppression.objects.count() == 1


def test_what_is_no_address_is_refused(client: Client) -> None:
    answer = client.post("/admin/subscribers/suppression/add/", {"address": "anna", "note": ""})

    assert "address" in answer.context["adminform"].form.errors
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    ("typed", "lifted"), [("ANNA@example.org", True), ("b@example.org", False)]
)
def test_lifting_takes_the_address_it_is_about(client: Client, typed: str, *, lifted: bool) -> None:
    noise()
    confirmed("anna@example.org")
    suppression.suppress("anna@example.org", Reason.HARD_BOUNCE, now=NOW)
    row = Suppression.objects.get()

    client.post(f"/admin/subscribers/suppression/{row.pk}/lift/", {"address": typed})

    assert suppression.is_suppressed("anna@example.org") is not lifted
    row.refresh_from_db()
    assert (row.lifted_at is not None) is lifted


def test_what_is_lifted_cannot_be_lifted_again(client: Client) -> None:
    suppression.suppress("anna@example.org", Reason.MANUAL, now=NOW)
    suppression.lift("anna@example.org", Reason.MANUAL, now=NOW)
    row = Suppression.objects.get()

    assert client.get(f"/admin/subscribers/suppression/{row.pk}/lift/").status_code == 404


def test_a_suppression_is_found_by_its_whole_address(client: Client) -> None:
    suppression.suppress("anna@example.org", Reason.MANUAL, now=NOW)
    suppression.suppress("ben@example.org", Reason.COMPLAINT, now=NOW)

    found = client.get("/admin/subscribers/suppression/?q=ANNA@example.org").context["cl"]

    assert [row.reason for row in found.result_list] == [Reason.MANUAL]
