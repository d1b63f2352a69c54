"""Whoever forgot a password sets another by a link that comes by mail, once."""

import re

import pytest
from django.test import Client

from briefing.models import User
from tests.briefing.admin.conftest import PASSWORD
from tests.subscribers.post import Post

_ASK = "/accounts/password/reset/"
_OTHER = "quite another long passphrase"


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    """Keep what is handed over."""
    kept = Post()
    monkeypatch.setattr("briefing.admin.accounts.publishing", lambda: kept)
    return kept


def test_a_link_that_comes_by_mail_sets_another_password_once(
    client: Client, owner: User, post: Post
) -> None:
    assert "Send me the link" in client.get(_ASK).text
    client.post(_ASK, {"email": owner.email})
    (mail,) = post.mails
    link = re.search(r"http://testserver(\S+)", mail.text)
    assert link
    assert mail.subject == "A new password"
    assert mail.text.startswith("Somebody asked for a new password")
    assert "You log in as olivia." in mail.text

    form = client.get(link[1], follow=True)
    where = form.request["PATH_INFO"]
    short = client.post(where, {"password1": "short", "password2": "short"})
    done = client.post(where, {"password1": _OTHER, "password2": _OTHER}, follow=True)

    assert "too short" in short.text
    assert "Your password is changed" in done.text
    owner.refresh_from_db()
    assert owner.check_password(_OTHER)
    assert "This link is used up" in client.get(link[1], follow=True).text


def test_whoever_has_no_login_hears_the_same_and_is_told_by_mail_alone(
    client: Client, owner: User, post: Post
) -> None:
    known = client.post(_ASK, {"email": owner.email}, follow=True)
    stranger = client.post(_ASK, {"email": "stranger@example.org"}, follow=True)

    assert stranger.text == known.text
    assert [mail.recipient for mail in post.mails] == [owner.email, "stranger@example.org"]
    assert "Nobody logs in" in post.mails[1].text
    assert "signup" not in post.mails[1].text


def test_a_new_address_is_asked_whether_it_is_right(
    client: Client, owner: User, post: Post
) -> None:
    client.post("/accounts/login/", {"login": "olivia", "password": PASSWORD})

    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.post("/accounts/email/", {"email": "mine@example.org", "action_add": ""})

    (mail,) = post.mails
    assert (mail.recipient, mail.subject) == ("mine@example.org", "Is this your address?")
    link = re.search(r"http://testserver(\S+)", mail.text)
    assert link
    assert client.get(link[1]).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_whoever_is_made_without_a_password_chooses_it_by_a_link(
    desk: Client, client: Client, post: Post
) -> None:
    about = {"username": "nora", "email": "", "password1": "", "password2": ""}
    refused = desk.post("/admin/briefing/user/add/", about).text
    half = desk.post("/admin/briefing/user/add/", {**about, "password1": _OTHER}).text
    answer = desk.post("/admin/briefing/user/add/", {**about, "email": "nora@desk.example"})
    assert answer.status_code == 302

    assert "needs an address to go to" in refused
    assert "This field is required" in half
    made = User.objects.get(username="nora")
    assert not made.has_usable_password()
    (mail,) = post.mails
    assert (mail.recipient, mail.subject) == ("nora@desk.example", "Your login to the desk")
    assert mail.text.startswith("You can work at the desk")
    link = re.search(r"http://testserver(\S+)", mail.text)
    assert link
    form = client.get(link[1], follow=True)
    client.post(form.request["PATH_INFO"], {"password1": _OTHER, "password2": _OTHER})
    made.refresh_from_db()
    assert made.check_password(_OTHER)
