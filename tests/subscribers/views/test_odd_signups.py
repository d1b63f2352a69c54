"""Signups as programs and other people's pages send them: taken or asked again, and never an error."""

import pytest
from django.test import Client
from django.urls import reverse

from subscribers.models import SignupRequest
from tests.subscribers import making
from tests.subscribers.test_signup_journey import fill_in

pytestmark = pytest.mark.django_db
CROSS_SITE = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}


@pytest.fixture(autouse=True)
def _newsletter() -> None:
    making.newsletter()
    making.notice()


def _asked() -> list[SignupRequest]:
    return list(SignupRequest.objects.order_by("pk"))


@pytest.mark.parametrize(
    ("referer", "page", "source"),
    [
        ("http://[nowhere", "", {}),
        ("http://testserver/articles/a/?" + "&".join(map(str, range(99))), "/articles/a/", {}),
        ("http://testserver/?utm_source=%00&utm_medium=x", "/", {"utm_medium": "x"}),
        ("http://testserver/authors/anna@example.com/", "", {}),
        ("https://x.example/anna%2540example.com/?utm_source=y", "x.example", {"utm_source": "y"}),
    ],
)
def test_whatever_stands_in_a_referer_the_signup_is_taken(
    client: Client, referer: str, page: str, source: dict[str, str]
) -> None:
    answer = client.post(reverse("signup"), fill_in(), headers={"Referer": referer})

    assert answer.status_code == 302
    (asked,) = _asked()
    assert (asked.page, asked.source) == (page, source)


def test_a_zero_byte_anywhere_is_what_does_not_exist(client: Client) -> None:
    for values in (
        {"newsletter": "\0"},
        {"topics": ["\0"]},
        {"notice": "\0"},
        {"email": "a\0@b.example"},
    ):
        assert client.post(reverse("signup"), fill_in(**values)).status_code == 422
    for path in (
        "/signup/done/?newsletter=%00",
        "/embed/?newsletter=%00",
        "/embed/instructions/?topics=a%00",
        "/search/?q=robots%00",
        "/authors/%00/",
        "/topics/china/?before=%00",
    ):
        assert (path, client.get(path).status_code) == (path, 404)
    assert _asked() == []


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        (CROSS_SITE | {"Sec-Fetch-Dest": "document", "Sec-Fetch-User": "?1"}, True),
        (CROSS_SITE | {"Sec-Fetch-Dest": "document"}, False),
        (CROSS_SITE | {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-User": "?1"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, False),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}, False),
        ({"Origin": "http://testserver"}, True),
        ({"Origin": "https://elsewhere.example"}, False),
        ({"Origin": "null"}, False),
    ],
)
def test_only_our_own_pages_and_a_persons_own_click_elsewhere_are_taken(
    client: Client, headers: dict[str, str], *, taken: bool
) -> None:
    answer = client.post(reverse("signup"), fill_in(), headers=headers)

    assert bool(_asked()) is taken
    assert answer.status_code == (302 if taken else 200)


@pytest.mark.parametrize("written", ["anna%40example.com", "anna%2540example.com"])
def test_an_address_in_a_link_to_us_is_no_source(client: Client, written: str) -> None:
    referer = f"http://testserver/?utm_source=letter&utm_campaign={written}"

    client.post(reverse("signup"), fill_in(), headers={"Referer": referer})

    assert _asked()[0].source == {"utm_source": "letter"}
