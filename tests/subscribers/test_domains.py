"""Domains that a copy takes or refuses, and that nobody can see it from outside."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from briefing import env
from subscribers import domains, signup
from subscribers.models import Outbox, SignupRequest
from tests.subscribers import making
from tests.subscribers.test_signup_journey import fill_in

SHIPPED = Path(__file__).parents[2] / "seeds" / "domains" / "disposable.list"


def test_every_domain_may_sign_up_where_nothing_is_set() -> None:
    assert not domains.refuses("mailinator.com")
    assert not domains.refuses("example.com")


def test_a_refused_domain_means_its_subdomains_and_no_namesake(settings: Settings) -> None:
    settings.REFUSED_DOMAINS = ["rival.example"]

    assert domains.refuses("rival.example")
    assert domains.refuses("mail.rival.example")
    assert not domains.refuses("notrival.example")
    assert not domains.refuses("rival.example.org")


def test_only_allowed_domains_may_sign_up_where_some_are_named(settings: Settings) -> None:
    settings.ALLOWED_DOMAINS = ["house.example"]
    settings.REFUSED_DOMAINS = ["guests.house.example"]

    assert not domains.refuses("house.example")
    assert not domains.refuses("berlin.house.example")
    assert domains.refuses("guests.house.example")
    assert domains.refuses("example.com")


def test_the_shipped_list_is_refused_by_setting(settings: Settings) -> None:
    settings.DISPOSABLE_DOMAINS = str(SHIPPED)

    assert domains.refuses("mailinator.com")
    assert domains.refuses("inbox.yopmail.com")
    assert not domains.refuses("gmail.com")
    listed = domains.read(SHIPPED)
    assert len(listed) >= 60
    assert all(domain == domain.lower() and "." in domain for domain in listed)


@pytest.mark.django_db
def test_a_refused_domain_gets_the_same_answer_and_no_mail(
    client: Client, settings: Settings
) -> None:
    settings.REFUSED_DOMAINS = ["rival.example"]
    making.newsletter()
    making.notice()

    answers = set()
    for typed in ("anna@example.com", "anna@rival.example"):
        answer = client.post(reverse("signup"), fill_in(email=typed))
        answers.add((answer.status_code, str(answer.headers), answer.content))
        signup.work(SignupRequest.objects.latest("pk").pk, now=making.NOW)

    assert len(answers) == 1
    assert SignupRequest.objects.get(address="anna@rival.example").reason == "domain refused"
    assert Outbox.objects.values_list("signup__address", flat=True).get() == "anna@example.com"


def test_a_list_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    assert env.readable("DISPOSABLE_DOMAINS", "") == ""
    assert env.readable("DISPOSABLE_DOMAINS", str(SHIPPED)) == str(SHIPPED)
    with pytest.raises(ImproperlyConfigured, match="DISPOSABLE_DOMAINS"):
        env.readable("DISPOSABLE_DOMAINS", str(tmp_path / "none.txt"))
