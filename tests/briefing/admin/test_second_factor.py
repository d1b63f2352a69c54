"""Sending asks for more than a password."""

import time

import pytest
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)
from allauth.mfa.utils import is_mfa_enabled
from django.test import Client
from playwright.sync_api import Page
from pytest_django import Settings

from briefing.models import AuditEntry, Dispatch, User
from tests.accessibility import assert_accessible
from tests.briefing.admin.conftest import PASSWORD, log_in
from tests.chromium import Visit
from tests.factories import issue, subscription

# A laptop's own reader of fingerprints, which is touched at once.
_FINGERPRINT = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}


@pytest.fixture
def address(db: None) -> str:
    """Return where an issue with one reader is dispatched."""
    subscription("reader@example.org")
    return f"/admin/issues/{issue().pk}/dispatch/"


def code(secret: str) -> str:
    """Return what an authenticator app shows now."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def test_without_a_second_factor_nothing_is_sent_and_the_way_to_one_is_shown(
    owner: User, client: Client, address: str
) -> None:
    client.force_login(owner)

    answer = client.post(address, {"count": "1", "accepted": "on"})

    assert answer.status_code == 403
    assert "/accounts/2fa/" in answer.content.decode()
    assert not Dispatch.objects.exists()


def test_having_a_second_factor_is_not_enough_it_must_have_been_shown(
    owner: User, address: str
) -> None:
    client = log_in_by_password("olivia")
    TOTP.activate(owner, generate_totp_secret())

    answer = client.post(address, {"count": "1", "accepted": "on"})

    assert answer.status_code == 403
    assert "Show it once" in answer.content.decode()
    assert not Dispatch.objects.exists()


def test_a_password_and_a_code_log_in_and_send(owner: User, client: Client, address: str) -> None:
    secret = generate_totp_secret()
    TOTP.activate(owner, secret)

    asked = client.post("/accounts/login/", {"login": "olivia", "password": PASSWORD}, follow=True)
    assert asked.request["PATH_INFO"] == "/accounts/2fa/authenticate/"
    assert client.get("/admin/").status_code == 302
    client.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    client.post(address, {"count": "1", "accepted": "on"})

    assert Dispatch.objects.count() == 1


def test_whoever_has_looked_at_their_address_sets_up_a_second_factor(owner: User) -> None:
    client = log_in_by_password("olivia")
    # Looking makes allauth know the address, as one that nobody has proven.
    assert client.get("/accounts/email/").status_code == 200

    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    shown = client.get("/accounts/2fa/totp/activate/")
    client.post("/accounts/2fa/totp/activate/", {"code": code(shown.context["form"].secret)})

    assert is_mfa_enabled(owner)


def test_a_wrong_code_lets_nobody_in(owner: User, client: Client) -> None:
    TOTP.activate(owner, generate_totp_secret())
    client.post("/accounts/login/", {"login": "olivia", "password": PASSWORD})

    answer = client.post("/accounts/2fa/authenticate/", {"code": "000000"})

    assert answer.status_code == 200
    assert client.get("/admin/").status_code == 302


def test_codes_are_not_guessed_from_many_places(owner: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(owner, secret)
    client = Client()
    client.post("/accounts/login/", {"login": "olivia", "password": PASSWORD})

    def tried(guess: str, number: int) -> int:
        form = {"code": guess}
        place = f"192.0.2.{number}"
        return client.post("/accounts/2fa/authenticate/", form, REMOTE_ADDR=place).status_code

    for number in range(20):
        assert tried("000000", number) == 200

    assert tried(code(secret), 21) == 200


def test_a_new_address_to_reset_the_password_at_asks_for_the_password(owner: User) -> None:
    client = log_in_by_password("olivia")
    session = client.session
    for each in session["account_authentication_methods"]:
        each["at"] -= 3600
    session.save()

    answer = client.post("/accounts/email/", {"email": "mine@example.org", "action_add": ""})

    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")


@pytest.mark.parametrize("act", ["resume", "go-on"])
def test_what_sends_asks_for_a_second_factor_and_stopping_does_not(
    client: Client, owner: User, running: Dispatch, act: str
) -> None:
    client.force_login(owner)
    live = f"/admin/briefing/dispatch/{running.pk}/change/"

    client.post(f"/admin/dispatches/{running.pk}/pause/")
    refused = client.post(
        f"/admin/dispatches/{running.pk}/{act}/", headers={"referer": f"http://testserver{live}"}
    )

    running.refresh_from_db()
    assert running.state == Dispatch.State.PAUSED
    assert refused.status_code == 403
    # From there one comes back to the button, not to an address that takes no visit.
    assert refused.context["back"] == live
    elsewhere = client.post(
        "/admin/mail/let-go/", headers={"referer": "https://elsewhere.example/"}
    )
    assert elsewhere.context["back"] == "/admin/"


def test_a_demo_copy_does_not_insist(
    owner: User, client: Client, address: str, settings: Settings
) -> None:
    settings.STAFF_SECOND_FACTOR = False
    client.force_login(owner)

    assert client.post(address, {"count": "1", "accepted": "on"}).status_code == 302


def set_up(client: Client) -> None:
    """Give an account an authenticator app, as its page asks for it."""
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    form = client.get("/accounts/2fa/totp/activate/").context["form"]
    client.post("/accounts/2fa/totp/activate/", {"code": code(form.secret)})


def test_setting_one_up_asks_for_the_password_again(owner: User) -> None:
    answer = log_in_by_password("olivia").get("/accounts/2fa/totp/activate/")

    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")


@pytest.mark.django_db(transaction=True)
def test_adding_a_second_factor_ends_every_other_session(owner: User) -> None:
    elsewhere, here = log_in_by_password("olivia"), log_in_by_password("olivia")

    set_up(here)

    assert here.get("/admin/").status_code == 200
    assert elsewhere.get("/admin/").status_code == 302
    assert AuditEntry.objects.filter(act="second_factor.add", actor=owner).exists()


@pytest.mark.django_db(transaction=True)
def test_the_code_that_set_it_up_is_enough_for_this_session(owner: User, address: str) -> None:
    client = log_in_by_password("olivia")
    assert client.get(address).status_code == 403

    set_up(client)

    assert client.get(address).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_the_pages_of_an_account_are_for_everybody(owner: User, visit: Visit) -> None:
    page = visit(viewport=(768, 900))
    page.goto("/accounts/login/?next=/accounts/2fa/")
    page.get_by_label("Username or email").fill("olivia")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/accounts/2fa/")

    page.goto("/accounts/reauthenticate/?next=/accounts/2fa/")
    assert_accessible(page)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/accounts/2fa/")

    _look(page, "2fa/", "2fa/totp/activate/", "2fa/webauthn/add/", "password/change/")
    _look(page, "sessions/", "email/", "logout/")


@pytest.mark.django_db(transaction=True)
def test_a_passkey_is_set_up_and_logs_in_by_itself(owner: User, visit: Visit) -> None:
    page = visit(viewport=(320, 640))
    debugger = page.context.new_cdp_session(page)
    debugger.send("WebAuthn.enable")
    debugger.send("WebAuthn.addVirtualAuthenticator", {"options": _FINGERPRINT})
    page.goto("/accounts/login/?next=/accounts/2fa/webauthn/add/")
    page.get_by_label("Username or email").fill("olivia")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()

    page.get_by_label("Name").fill("Laptop")
    page.get_by_label("Let it log me in").check()
    page.get_by_role("button", name="Add it").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()

    assert_accessible(page)
    _look(page, "2fa/", "2fa/webauthn/", "2fa/recovery-codes/generate/")
    page.goto("/accounts/logout/")
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_url("**/admin/")


def _look(page: Page, *names: str) -> None:
    for name in names:
        page.goto(f"/accounts/{name}")
        # Not at the page that asks who it is in its place.
        assert page.url.endswith(name)
        assert_accessible(page)


def log_in_by_password(name: str) -> Client:
    """Return the client of somebody who came in by the form."""
    client = Client()
    client.post("/accounts/login/", {"login": name, "password": PASSWORD})
    assert client.get("/admin/").status_code == 200
    return client


def test_the_fixture_of_other_tests_shows_a_second_factor(owner: User, address: str) -> None:
    assert log_in(owner).get(address).status_code == 200
