"""What people type into a search field finds a reader, by index only."""

import pytest
from django.db import connection

from subscribers.admin.finding import matching_address, matching_hash, matching_person
from subscribers.models import ConsentRecord, SignupRequest, Subscriber
from tests.factories import noise, subscriber
from tests.subscribers.making import confirmed, pending


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Anna.Berg@Example.org", {"Anna.Berg@example.org"}),
        ("  anna.berg@example.org ", {"Anna.Berg@example.org"}),
        ("anna", {"Anna.Berg@example.org", "anna@other.example"}),
        ("@example.org", {"Anna.Berg@example.org", "ben@example.org"}),
        ("berg", set()),
        ("anna%", set()),
        ("an_a", set()),
    ],
)
def test_a_reader_is_found_by_address_beginning_or_domain(
    db: None, typed: str, found: set[str]
) -> None:
    for each in ("Anna.Berg@example.org", "anna@other.example", "ben@example.org"):
        subscriber(each)

    assert {row.address for row in matching_address(Subscriber.objects.all(), typed)} == found


@pytest.mark.parametrize("typed", ["anna.berg@example.org", "anna", "@example.org"])
def test_a_search_uses_an_index(db: None, typed: str) -> None:
    plan = matching_address(Subscriber.objects.all(), typed).explain()

    assert "SCAN" not in plan
    if connection.vendor == "postgresql":
        assert "Filter" not in plan or "Index" in plan or "Seq Scan" in plan


def test_a_signup_is_found_by_the_whole_address_only(db: None) -> None:
    noise()
    asked = pending("anna@example.org")
    pending("ben@example.org")

    assert list(matching_hash(SignupRequest.objects.all(), "Anna@Example.org")) == [asked]
    assert not matching_hash(SignupRequest.objects.all(), "anna")


def test_the_ledger_is_searched_by_the_name_it_knows(db: None) -> None:
    reader = confirmed("anna@example.org").subscriber
    confirmed("ben@example.org")

    found = matching_person(ConsentRecord.objects.all(), f" {reader.person} ")

    assert {row.person for row in found} == {reader.person}
    assert not matching_person(ConsentRecord.objects.all(), "anna@example.org")
