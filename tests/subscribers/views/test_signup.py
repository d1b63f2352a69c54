"""The signup form: what it takes, what it asks again, and that its answer never tells."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from limits import parse_many

from subscribers import links, signup, suppression, throttle, triggers
from subscribers.models import ConsentNotice, SignupRequest, Topic
from subscribers.suppression import Reason
from tests.queue import Doorbell
from tests.subscribers import making
from tests.subscribers.test_signup_journey import fill_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _newsletter() -> None:
    making.newsletter()
    making.notice()


def _asked() -> list[SignupRequest]:
    return list(SignupRequest.objects.order_by("pk"))


def test_the_answer_is_the_same_to_the_byte_for_every_address(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "PER_VISITOR", parse_many("1000/minute"))
    making.pending("pending@example.com")
    making.confirmed("active@example.com")
    making.subscription("left@example.com", state="unsubscribed")
    signup.disown(making.pending("disowned@example.com").pk, now=making.NOW)
    for reason in Reason:
        suppression.suppress(f"{reason}@example.com", reason, now=making.NOW)

    pasts = ["new", "pending", "active", "left", "disowned", *Reason.values]
    answers = set()
    for past in pasts:
        answer = client.post(reverse("signup"), fill_in(email=f"{past}@example.com"))
        page = client.get(answer["Location"])
        answers.add((answer.status_code, str(answer.headers), answer.content, page.content))

    assert len(answers) == 1
    assert SignupRequest.objects.filter(state="received").count() == len(pasts)


def test_a_request_keeps_what_was_shown_and_where(
    client: Client, doorbell: Doorbell, django_capture_on_commit_callbacks: Any
) -> None:
    Topic.objects.create(slug="china", name="China")
    referer = "http://testserver/articles/a/?utm_source=letter&utm_medium=x&token=secret"

    with django_capture_on_commit_callbacks(execute=True):
        client.post(
            reverse("signup"),
            fill_in(topics=["china"], notice=making.notice().pk),
            headers={"Referer": referer, "User-Agent": "Browser/1"},
            REMOTE_ADDR="192.0.2.77",
        )

    (asked,) = _asked()
    assert (asked.address, asked.address_key) == ("Anna@example.com", "anna@example.com")
    assert (asked.page, asked.form, asked.ip) == ("/articles/a/", "box", "192.0.2.0")
    assert (asked.user_agent, asked.topics) == ("Browser/1", ["china"])
    assert asked.source == {"utm_source": "letter", "utm_medium": "x"}
    assert asked.notice == making.notice()
    assert [ring.args for ring in doorbell.rung("subscribers.tasks.work")] == [(asked.pk,)]


def test_a_form_may_be_kept_for_a_minute_and_no_answer_at_all(client: Client) -> None:
    assert client.get(reverse("signup"))["Cache-Control"] == "public, max-age=60"
    for values in ({}, {"email": "anna"}, {"stamp": ""}):
        answer = client.post(reverse("signup"), fill_in(**values))
        assert answer["Cache-Control"] == "no-store"
    assert "no-store" in client.get(reverse("signup-done"))["Cache-Control"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"email": ""}, "Please enter your email address."),
        ({"email": "anna"}, "has an @ in it"),
        ({"email": "anna@[127.0.0.1]"}, "with a domain name"),
        ({"newsletter": "gone"}, "Select a valid choice"),
    ],
)
def test_a_slip_is_explained_and_nothing_is_stored(
    client: Client, values: dict[str, Any], said: str
) -> None:
    answer = client.post(reverse("signup"), fill_in(**values))

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert _asked() == []


def test_a_probable_slip_is_asked_about_once(client: Client) -> None:
    answer = client.post(reverse("signup"), fill_in(email="anna@gmial.com"))

    assert "anna@gmail.com" in answer.content.decode()
    assert _asked() == []

    client.post(reverse("signup"), fill_in(email="anna@gmial.com", certain="anna@gmial.com"))
    assert [asked.address for asked in _asked()] == ["anna@gmial.com"]


@pytest.mark.parametrize(
    "stamp",
    [
        lambda: "",
        lambda: "forged",
        # Made in a moment that a busy machine does not overtake.
        lambda: links.make("stamp", links.now() + 60),
        lambda: links.make("stamp", links.now() - 8 * 24 * 3600),
        lambda: links.make("disown", 5),
    ],
)
def test_a_form_without_a_credible_age_is_asked_to_press_once_more(
    client: Client, stamp: Any
) -> None:
    answer = client.post(reverse("signup"), fill_in(stamp=stamp()))

    assert answer.status_code == 200
    assert "press the button once more" in answer.content.decode()
    assert 'value="Anna@Example.com"' in answer.content.decode()
    assert _asked() == []


def test_a_form_from_a_page_cached_for_days_is_taken(client: Client) -> None:
    client.post(reverse("signup"), fill_in(stamp=links.make("stamp", links.now() - 6 * 24 * 3600)))

    assert len(_asked()) == 1


def test_a_filled_trap_gets_the_same_answer_and_goes_no_further(
    client: Client, doorbell: Doorbell, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        honest = client.post(reverse("signup"), fill_in())
        trapped = client.post(reverse("signup"), fill_in(website="http://spam.example"))

    assert (honest.status_code, honest["Location"]) == (trapped.status_code, trapped["Location"])
    assert [asked.state for asked in _asked()] == ["received", "dropped"]
    assert len(doorbell.rings) == 1


def test_the_sixth_signup_in_a_minute_is_asked_to_wait(client: Client) -> None:
    answers = [
        client.post(reverse("signup"), fill_in(email=f"reader{number}@example.com"))
        for number in range(6)
    ]

    assert [answer.status_code for answer in answers] == [302] * 5 + [429]
    assert answers[-1]["Retry-After"] == "60"
    assert len(_asked()) == 5


def test_no_page_of_the_form_sets_a_cookie(client: Client) -> None:
    client.get(reverse("signup"))
    client.post(reverse("signup"), fill_in())
    client.get(reverse("signup-done"))

    assert not client.cookies


def test_the_hosted_form_offers_open_newsletters_only(client: Client) -> None:
    making.newsletter("weekly", name="Another Weekly")
    making.newsletter("closed", name="The Closed Letter", open_to_signup=False)

    page = client.get(reverse("signup") + "?newsletter=weekly").content.decode()

    assert "Another Weekly" in page
    assert "The Closed Letter" not in page
    assert 'value="weekly" required checked' in page


def test_without_a_published_wording_nobody_is_asked_to_agree_to_it(client: Client) -> None:
    triggers.remove(connection)
    ConsentNotice.objects.all().delete()
    triggers.install(connection)

    page = client.get(reverse("signup")).content.decode()

    assert "Signing up is closed for the moment" in page
    assert "<button" not in page


def test_a_wording_says_in_which_language_it_was_shown(client: Client) -> None:
    asked = making.pending("anna@example.com")
    link = reverse("confirm", args=[links.make("confirm", asked.pk, links.now())])

    page = client.get(link, headers={"accept-language": "de"}).content.decode()

    assert '<div class="hint" lang="en"><p>The signup wording.' in page
