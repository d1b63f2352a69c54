"""Signing up by JSON: the same rules, limits and evidence as the form, and the same silence."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from limits import parse_many

from subscribers import suppression, throttle, triggers
from subscribers.models import ConsentNotice, ConsentRecord, SignupRequest, Topic
from subscribers.suppression import Reason
from tests.queue import Doorbell
from tests.subscribers import making

pytestmark = pytest.mark.django_db
OFFER, SIGNUPS = "/api/v1/offer", "/api/v1/signups"


@pytest.fixture(autouse=True)
def notice(db: None) -> ConsentNotice:
    """Have a newsletter, a topic and a wording."""
    making.newsletter()
    Topic.objects.create(slug="china", name="China")
    return making.notice()


def wish(**values: Any) -> dict[str, Any]:
    """Return what a program sends."""
    return {
        "email": "Anna@example.com",
        "newsletter": "the-robotics-briefing",
        "notice": making.notice().pk,
        "agreed": True,
    } | values


def post(client: Client, told: object, **more: Any) -> Any:
    return client.post(SIGNUPS, told, content_type="application/json", **more)


def test_a_program_is_told_what_there_is_and_what_is_agreed_to(
    client: Client, notice: ConsentNotice
) -> None:
    answer = client.get(OFFER)

    told = answer.json()
    assert [each["slug"] for each in told["newsletters"]] == ["the-robotics-briefing"]
    assert told["topics"] == [{"slug": "china", "name": "China"}]
    assert (told["notice"]["markdown"], told["notice"]["sha256"]) == (notice.text, notice.sha256)
    assert answer["Cache-Control"] == "public, max-age=60"
    assert not answer.cookies


def test_a_signup_by_json_is_the_forms_with_the_same_evidence(
    client: Client, doorbell: Doorbell, django_capture_on_commit_callbacks: Any
) -> None:
    page = "https://shop.example/robots/?utm_source=shop&token=secret"

    with django_capture_on_commit_callbacks(execute=True):
        answer = post(
            client,
            wish(topics=["china"], page=page, locale="de"),
            headers={"User-Agent": "Shop/1"},
            REMOTE_ADDR="192.0.2.77",
        )

    assert (answer.status_code, answer.json()["state"]) == (202, "received")
    asked = SignupRequest.objects.get()
    assert (asked.address, asked.form, asked.locale) == ("Anna@example.com", "api", "de")
    assert (asked.page, asked.source) == ("shop.example/robots/", {"utm_source": "shop"})
    assert (asked.ip, asked.user_agent, asked.topics) == ("192.0.2.0", "Shop/1", ["china"])
    assert asked.notice == making.notice()
    assert [ring.args for ring in doorbell.rung("subscribers.tasks.work")] == [(asked.pk,)]
    doorbell.answer()
    assert ConsentRecord.objects.get().form == "api"


def test_the_answer_is_the_same_to_the_byte_for_every_address(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "PER_VISITOR", parse_many("1000/minute"))
    making.pending("pending@example.com")
    making.confirmed("active@example.com")
    making.subscription("left@example.com", state="unsubscribed")
    for reason in Reason:
        suppression.suppress(f"{reason}@example.com", reason, now=making.NOW)

    answers = set()
    for past in ["new", "pending", "active", "left", *Reason.values]:
        answer = post(client, wish(email=f"{past}@example.com"))
        answers.add((answer.status_code, str(answer.headers), answer.content))

    assert len(answers) == 1


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"email": "anna"}, "email"),
        ({"email": ""}, "email"),
        ({"email": "a" * 401}, "email"),
        ({"email": ["anna@example.com"]}, "email"),
        ({"newsletter": "gone"}, "newsletter"),
        ({"notice": 999_999}, "notice"),
        ({"notice": None}, "notice"),
        ({"agreed": False}, "agreed"),
        ({"agreed": "yes"}, "agreed"),
        ({"topics": ["nothing"]}, "topics"),
        ({"topics": ["\0"]}, "topics"),
        ({"newsletter": "\0"}, "newsletter"),
        ({"locale": "tlh"}, "locale"),
        ({"page": "x" * 5000}, "page"),
    ],
)
def test_what_is_wrong_is_told_by_field_and_nothing_is_stored(
    client: Client, told: dict[str, Any], field: str
) -> None:
    answer = post(client, wish(**told))

    assert answer.status_code == 422
    (problem,) = answer.json()["problems"]
    assert problem["field"] == field
    assert problem["message"]
    assert not SignupRequest.objects.exists()


def test_a_wish_without_consent_says_what_is_missing(client: Client) -> None:
    answer = post(client, {"email": "anna@example.com", "newsletter": "the-robotics-briefing"})

    assert answer.status_code == 422
    assert {each["field"] for each in answer.json()["problems"]} == {"notice", "agreed"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"email": "\\ud800"}'])
def test_what_is_no_json_of_ours_is_told_so(client: Client, body: bytes) -> None:
    answer = post(client, body)

    assert answer.status_code in (400, 422)
    assert answer.json()["problems"]


def test_a_probable_slip_is_asked_about_until_somebody_insists(client: Client) -> None:
    (problem,) = post(client, wish(email="anna@gmial.com")).json()["problems"]
    assert (problem["field"], problem["suggestion"]) == ("email", "anna@gmail.com")

    assert post(client, wish(email="anna@gmial.com", certain=True)).status_code == 202


def test_another_sites_script_signs_nobody_up(client: Client) -> None:
    crossing = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}

    assert post(client, wish(), headers=crossing).status_code == 403
    assert not SignupRequest.objects.exists()


def test_a_program_that_hurries_is_asked_to_wait(client: Client) -> None:
    answers = [post(client, wish(email=f"a{number}@example.com")) for number in range(6)]

    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    assert answers[-1]["Retry-After"] == "60"
    assert SignupRequest.objects.count() == 5


def test_a_listed_server_signs_up_each_of_its_visitors(client: Client, settings: Any) -> None:
    settings.TRUSTED_PROXIES = ["192.0.2.5"]
    for number in range(6):
        visitor = {"X-Forwarded-For": f"198.51.100.{number}"}
        answer = post(client, wish(), headers=visitor, REMOTE_ADDR="192.0.2.5")
        assert answer.status_code == 202


def test_without_a_wording_there_is_nothing_to_agree_to(client: Client) -> None:
    triggers.remove(connection)
    ConsentNotice.objects.all().delete()
    triggers.install(connection)

    answer = client.get(OFFER)

    assert answer.status_code == 503
    assert "No wording" in answer.json()["problems"][0]["message"]
