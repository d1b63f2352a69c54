"""How staff come in, and how everybody else stays out."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from playwright.sync_api import Page

from briefing.models import User
from tests.accessibility import assert_accessible, assert_contrast
from tests.briefing.admin.conftest import PASSWORD


def log_in(client: Client, name: str, password: str, *, place: str) -> int:
    """Return the status of a login attempt: 302 lets in, 200 asks again."""
    form = {"login": name, "password": password}
    return client.post("/accounts/login/", form, REMOTE_ADDR=place).status_code


@pytest.mark.parametrize("name", ["olivia", "olivia@desk.example"])
def test_staff_log_in_by_name_or_address_and_reach_what_they_asked_for(
    owner: User, client: Client, name: str
) -> None:
    asked = client.get("/admin/briefing/article/", follow=True)
    assert asked.redirect_chain[-1][0].startswith("/accounts/login/?next=/admin/briefing/article/")

    answer = client.post(
        asked.redirect_chain[-1][0], {"login": name, "password": PASSWORD}, follow=True
    )

    assert answer.request["PATH_INFO"] == "/admin/briefing/article/"
    assert answer.status_code == 200


def test_a_login_never_leads_to_another_site(owner: User, client: Client) -> None:
    client.force_login(owner)

    answer = client.get("/admin/login/?next=https://elsewhere.example/")

    assert answer.headers["Location"] == "/admin/"


def test_somebody_who_is_not_staff_is_told_so_instead_of_sent_in_circles(
    client: Client, db: None
) -> None:
    client.force_login(User.objects.create_user("guest", password=PASSWORD))

    answer = client.get("/admin/", follow=True)

    assert answer.status_code == 403


def test_a_visitor_cannot_open_an_account(client: Client, db: None) -> None:
    form = {"email": "me@example.org", "username": "me", "password1": PASSWORD}

    answer = client.post("/accounts/signup/", form)

    assert "Accounts are for staff" in answer.content.decode()
    assert not User.objects.exists()


def test_a_stranger_who_guesses_locks_out_himself_and_not_the_colleague(
    owner: User, client: Client
) -> None:
    for _ in range(12):
        log_in(client, "olivia", "wrong guess", place="192.0.2.9")

    assert log_in(client, "olivia", PASSWORD, place="192.0.2.9") == 200
    assert log_in(client, "olivia", PASSWORD, place="192.0.2.10") == 302


def test_logging_out_asks_first(desk: Client) -> None:
    asked = desk.post("/admin/logout/", follow=True)
    assert asked.request["PATH_INFO"] == "/accounts/logout/"
    assert desk.get("/admin/").status_code == 200

    desk.post("/accounts/logout/")

    assert desk.get("/admin/").status_code == 302


def test_nothing_is_whispered_about_which_names_exist(owner: User, client: Client) -> None:
    known = client.post("/accounts/login/", {"login": "olivia", "password": "wrong guess"})
    unknown = client.post("/accounts/login/", {"login": "nobody", "password": "wrong guess"})

    assert known.context["form"].errors == unknown.context["form"].errors
    assert not list(get_messages(known.wsgi_request))


def test_the_login_page_is_for_everybody(page: Page) -> None:
    page.goto("/accounts/login/")

    assert_accessible(page)
    page.emulate_media(color_scheme="dark")
    assert_contrast(page)
    assert page.get_by_label("Username or email").is_visible()
