"""How long somebody stays logged in."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client

from briefing.models import User
from briefing.templatetags.browsers import browser_name
from tests.briefing.admin.conftest import PASSWORD
from tests.factories import issue

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> "Iterator[time_machine.Traveller]":
    """Stop the clock in the morning; the test moves it on."""
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def here(clock: "time_machine.Traveller", owner: User) -> Client:
    """Log somebody in, in the morning."""
    client = Client()
    client.post("/accounts/login/", {"login": "olivia", "password": PASSWORD})
    assert client.get("/admin/").status_code == 200
    return client


def is_in(client: Client) -> bool:
    """Whether the desk still opens."""
    return client.get("/admin/deliveries/").status_code == 200


def test_half_an_hour_without_a_touch_ends_a_session(
    here: Client, clock: "time_machine.Traveller"
) -> None:
    clock.shift(timedelta(minutes=29))
    assert is_in(here)
    clock.shift(timedelta(minutes=29))
    assert is_in(here)
    clock.shift(timedelta(minutes=31))

    answer = here.get("/admin/deliveries/", follow=True)

    assert answer.request["PATH_INFO"] == "/accounts/login/"
    assert unquote(answer.request["QUERY_STRING"]) == "next=/admin/deliveries/"
    assert "You were logged out" in answer.content.decode()


def test_a_working_day_ends_a_session_however_busy(
    here: Client, clock: "time_machine.Traveller"
) -> None:
    for _ in range(16):
        clock.shift(timedelta(minutes=29))
        assert is_in(here)
    clock.shift(timedelta(minutes=20))

    assert not is_in(here)


def test_a_page_that_refreshes_itself_is_nobodys_touch(
    here: Client, clock: "time_machine.Traveller"
) -> None:
    for _ in range(3):
        clock.shift(timedelta(minutes=9))
        here.get("/admin/deliveries/", headers={"HX-Request": "true"})
    clock.shift(timedelta(minutes=9))

    assert not is_in(here)


@pytest.mark.parametrize("ended", [timedelta(minutes=31), None])
def test_a_page_that_refreshes_itself_is_loaded_anew_when_its_session_is_over(
    here: Client, clock: "time_machine.Traveller", ended: timedelta | None
) -> None:
    if ended:
        clock.shift(ended)
    else:
        Session.objects.all().delete()

    answer = here.get("/admin/deliveries/", headers={"HX-Request": "true"})

    # The form to log in would otherwise stand in the place of the figures.
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (204, "true")


@pytest.mark.parametrize("ended", [timedelta(minutes=31), None])
def test_what_was_written_is_given_back_when_the_session_is_over(
    here: Client, clock: "time_machine.Traveller", ended: timedelta | None
) -> None:
    draft = issue()
    compose = f"/admin/issues/{draft.pk}/arrange/?words=dock"
    written = {"subject": "A harbour", "intro": "Two\nlines", "articles": [3, 1]}
    if ended:
        clock.shift(ended)
    else:
        Session.objects.all().delete()

    answer = here.post(compose, written)

    page = answer.content.decode()
    assert "You were logged out" in page
    fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)
    assert [each for each in fields if each[0] != "csrfmiddlewaretoken"] == [
        ("subject", "A harbour"),
        ("intro", "Two\nlines"),
        ("articles", "3"),
        ("articles", "1"),
    ]
    assert '<form method="post">' in page
    # Without JavaScript the new login's token is not in it: then a text is copied by hand.
    assert "<pre" in page


def test_a_forged_form_is_never_given_back_to_be_pressed(here: Client) -> None:
    here.handler.enforce_csrf_checks = True
    Session.objects.all().delete()

    answer = here.post("/admin/mail/hold/", {"reason": "chosen by somebody else"})

    assert "chosen by somebody else" not in answer.content.decode()


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Mode": "cors"}, {"Sec-Fetch-Mode": "same-origin"}])
def test_a_script_of_the_desk_is_led_to_the_login_as_before(
    here: Client, headers: dict[str, str]
) -> None:
    Session.objects.all().delete()

    assert here.post("/admin/articles/0/keep/", {"body": "x"}, headers=headers).status_code == 302


def test_the_frame_of_a_mail_says_that_its_session_is_over(here: Client) -> None:
    Session.objects.all().delete()

    answer = here.post(
        "/admin/issues/1/look/",
        {"subject": "A harbour"},
        headers={"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    )

    assert "Log in again in another window" in answer.content.decode()
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_changing_the_password_ends_every_session(here: Client, owner: User) -> None:
    elsewhere = Client()
    elsewhere.post("/accounts/login/", {"login": "olivia", "password": PASSWORD})
    assert is_in(elsewhere)

    new = "another boring passphrase"
    answer = here.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
    )

    assert answer.status_code == 302
    assert not is_in(elsewhere)


def test_deactivating_somebody_shuts_the_door_at_once(here: Client) -> None:
    User.objects.update(is_active=False)

    assert not is_in(here)


def test_a_visitor_of_a_public_page_gets_no_session(client: Client, db: None) -> None:
    answer = client.get("/")

    assert not answer.cookies
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("user_agent", "named"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; rv:132.0) Gecko/20100101 Firefox/132.0",
            "Firefox, Windows",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/131.0 Safari/537.36 Edg/131.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; like Mac OS X) Version/18.1 Safari/604.1", "Safari, iPhone"),
        ("curl/8.9.1", "curl/8.9.1"),
        ("", ""),
    ],
)
def test_a_browser_is_named_as_people_name_it(user_agent: str, named: str) -> None:
    assert browser_name(user_agent) == named
