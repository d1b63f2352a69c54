"""Staff sign in at the publisher's own identity provider: its word for an address, and no more."""

import html
import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.test import Client
from pytest_django import Settings

from briefing.models import AuditEntry, User
from briefing.oidc import IdentityProvider
from tests.accessibility import assert_accessible
from tests.briefing.admin.signing_in import (
    CALLBACK,
    LEAVE,
    NOT_OURS,
    UNFINISHED,
    _running,
    identity,
    is_in,
    leave,
    sign_in,
)
from tests.chromium import Visit
from tests.factories import issue, subscription
from tests.openid import Claims, Identity

__all__ = ["_running", "identity"]


def test_a_member_of_staff_comes_in_by_the_providers_word_and_the_log_says_so(
    identity: Identity, owner: User, client: Client
) -> None:
    password = owner.password

    answer = sign_in(client, next="/admin/briefing/issue/")

    assert answer.status_code == 302
    assert answer.headers["Location"] == "/admin/briefing/issue/"
    assert client.get("/admin/briefing/issue/").status_code == 200
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.act, entry.detail) == (
        owner,
        "account.login",
        {"by": "House Login"},
    )
    owner.refresh_from_db()
    assert owner.password == password
    assert not SocialAccount.objects.exists()
    assert not SocialToken.objects.exists()


def test_an_address_that_only_userinfo_tells_is_as_good(
    identity: Identity, owner: User, client: Client
) -> None:
    identity.tells_in_token = False
    identity.person["email"] = "Olivia@Desk.example"

    sign_in(client)

    assert is_in(client)


def test_the_way_there_has_a_state_a_nonce_and_a_challenge_and_takes_nothing_from_the_visitor(
    identity: Identity, client: Client, db: None
) -> None:
    answer = client.post(f"{LEAVE}?scope=files&auth_params=prompt%3Dnone&process=connect")
    found = re.search('url=([^"]+)"', answer.content.decode())
    assert found
    query = parse_qs(urlsplit(html.unescape(found[1])).query)

    assert set(query["scope"][0].split()) == {"openid", "email"}
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["nonce"][0]) >= 43
    assert query["redirect_uri"] == ["http://testserver/accounts/oidc/callback/"]
    assert "prompt" not in query
    stashed, *_ = client.session["socialaccount_states"][query["state"][0]]
    assert stashed["process"] == "login"


def somebody_else(person: Claims) -> None:
    person["email"] = "stranger@desk.example"


def unverified(person: Claims) -> None:
    person["email_verified"] = False


def verified_in_words(person: Claims) -> None:
    person["email_verified"] = "true"


def silent(person: Claims) -> None:
    del person["email_verified"]


def no_address(person: Claims) -> None:
    person["email"] = ["olivia@desk.example"]


def dotless(person: Claims) -> None:
    person["email"] = "ol\u0131via@desk.example"


@pytest.mark.parametrize(
    "change", [somebody_else, unverified, verified_in_words, silent, no_address, dotless]
)
def test_whoever_the_provider_does_not_vouch_for_stays_outside_and_gets_no_account(
    identity: Identity, owner: User, client: Client, change: Callable[[Claims], None]
) -> None:
    change(identity.person)

    answer = sign_in(client)

    assert answer.status_code == 403
    assert NOT_OURS in answer.content.decode()
    assert not is_in(client)
    assert User.objects.count() == 1
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.act, entry.detail) == (
        None,
        "account.refused",
        {"by": "House Login"},
    )


@pytest.mark.parametrize("change", ["is_active", "is_staff", "twice"])
def test_an_account_that_is_closed_or_not_the_only_one_is_not_entered(
    identity: Identity, owner: User, client: Client, change: str
) -> None:
    if change == "twice":
        User.objects.create_user("other", "OLIVIA@desk.example", is_staff=True)
    else:
        User.objects.update(**{change: False})

    answer = sign_in(client)

    assert (answer.status_code, is_in(client)) == (403, False)
    assert NOT_OURS in answer.content.decode()


def test_an_answer_is_taken_once_and_only_by_the_browser_that_asked(
    identity: Identity, owner: User, client: Client
) -> None:
    answer = requests.get(leave(client), allow_redirects=False, timeout=20)
    parts = urlsplit(answer.headers["Location"])
    back = f"{parts.path}?{parts.query}"

    stranger = Client()
    assert (stranger.get(back).status_code, is_in(stranger)) == (401, False)
    assert client.get(back).status_code == 302
    client.logout()
    again = client.get(back)

    assert (again.status_code, is_in(client)) == (401, False)
    assert UNFINISHED in again.content.decode()
    # Who comes with nothing that was asked leaves no trace in the log of acts.
    assert set(AuditEntry.objects.values_list("act", flat=True)) == {
        "account.login",
        "account.logout",
    }


def test_a_code_that_the_provider_does_not_know_opens_nothing(
    identity: Identity, owner: User, client: Client
) -> None:
    state = parse_qs(urlsplit(leave(client)).query)["state"][0]

    answer = client.get(f"{CALLBACK}?{urlencode({'code': 'invented', 'state': state})}")

    assert (answer.status_code, is_in(client)) == (401, False)


def test_who_turns_back_at_the_provider_is_told_that_nothing_happened(
    identity: Identity, client: Client, db: None
) -> None:
    state = parse_qs(urlsplit(leave(client)).query)["state"][0]

    answer = client.get(f"{CALLBACK}?{urlencode({'error': 'access_denied', 'state': state})}")

    assert "nothing happened" in answer.content.decode()


def test_a_provider_that_is_away_is_a_sentence_and_no_error(
    identity: Identity, client: Client, db: None, settings: Settings
) -> None:
    # Port 1 belongs to nobody, and loopback says so at once.
    settings.OIDC = IdentityProvider("http://127.0.0.1:1", "x", "y", "House Login")

    answer = client.post(LEAVE)

    assert answer.status_code == 401
    assert UNFINISHED in answer.content.decode()


def test_who_has_a_second_factor_here_shows_it_all_the_same(
    identity: Identity, owner: User, client: Client
) -> None:
    TOTP.activate(owner, generate_totp_secret())

    answer = sign_in(client)

    assert answer.headers["Location"].startswith("/accounts/2fa/authenticate/")
    assert not is_in(client)


@pytest.mark.parametrize("demands", [0, 1])
def test_the_providers_own_second_factor_counts_only_where_a_setting_says_so(
    identity: Identity, owner: User, client: Client, settings: Settings, demands: int
) -> None:
    subscription("reader@example.org")
    settings.OIDC = replace(settings.OIDC, demands_second_factor=bool(demands))

    sign_in(client)

    wanted = 200 if demands else 403
    assert client.get(f"/admin/issues/{issue().pk}/dispatch/").status_code == wanted


def test_a_setting_about_the_provider_says_nothing_of_a_password(
    identity: Identity, owner: User, client: Client, settings: Settings
) -> None:
    settings.OIDC = replace(settings.OIDC, demands_second_factor=True)
    client.force_login(owner)

    assert client.get(f"/admin/issues/{issue().pk}/dispatch/").status_code == 403


def test_without_the_settings_there_is_neither_a_button_nor_an_address(
    client: Client, db: None
) -> None:
    page = client.get("/accounts/login/").content.decode()

    assert "Log in with a passkey" in page
    assert page.count("Log in with") == 1
    assert client.get(CALLBACK).status_code == client.post(LEAVE).status_code == 404


def test_nobody_ties_an_account_to_another_elsewhere(desk: Client, identity: Identity) -> None:
    for address in (
        "/accounts/3rdparty/",
        "/accounts/3rdparty/signup/",
        "/accounts/social/signup/",
    ):
        assert desk.get(address).headers["Location"] == "/accounts/login/"


def test_the_button_works_without_javascript_and_every_page_on_the_way_is_fit_to_be_seen(
    identity: Identity, owner: User, visit: Visit, problems: list[str]
) -> None:
    page = visit(javascript=False)
    page.goto("/accounts/login/?next=/admin/briefing/issue/")
    page.get_by_role("button", name="Log in with House Login").click()
    page.wait_for_url("**/admin/briefing/issue/")

    identity.person["email_verified"] = False
    other = visit()
    other.goto("/accounts/login/")
    assert_accessible(other)
    other.get_by_role("button", name="Log in with House Login").click()
    other.wait_for_url(f"**{CALLBACK}?*")
    assert_accessible(other)
    # Being refused is what this was about.
    problems[:] = [each for each in problems if "status of 403" not in each]
