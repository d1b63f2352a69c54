"""Every role at every address of the desk: the addresses come from the table that Django serves by.

A new address fails here until somebody has said who may open it.
"""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from briefing.dispatch import control
from briefing.models import (
    Alert,
    Article,
    AuditEntry,
    Author,
    Burst,
    Issue,
    Reconciliation,
    Trial,
    User,
)
from subscribers import models as people
from subscribers import sealing, steps, suppression
from subscribers.steps import Written
from tests.briefing.admin.conftest import holder_of, log_in
from tests.briefing.admin.matrix import EVERYBODY, LETTERS, POSTED, World, decided, served
from tests.factories import NOW, article, issue, newsletter, subscription
from tests.subscribers.making import confirmed, pending


@pytest.fixture
def world(db: None, settings: Settings) -> World:
    """Make one row of everything; the issue is still a draft, and another one is on its way."""
    # What all pages of refusal have in common is made once, as in a copy.
    settings.PAGE_CACHE_SECONDS = 60
    pending("waiting@example.org")
    confirmed("reader@example.org")
    subscription("second@example.org")
    sealing.seal(now=NOW)
    suppression.suppress("gone@example.org", people.Suppression.Reason.MANUAL, now=NOW)
    dispatch = control.start(issue(), now=timezone.now())
    Trial.objects.create(dispatch=dispatch, kind=Issue.FirstWave.CANARY, share=0.1, minutes=15)
    steps.add(newsletter(), Written(2, "Begin here", "", "Hello."), now=NOW)
    draft = issue(articles=[article("Still a draft", status="draft")])
    AuditEntry.objects.create(at=NOW, act="issue.dispatch")
    staff = User.objects.create_user("somebody", is_staff=True)
    models = [Author, AuditEntry, people.Topic, people.Newsletter, people.Subscriber]
    models += [people.Subscription, people.SignupRequest, people.Outbox, people.Suppression]
    models += [people.ConsentRecord, people.ConsentNotice, people.ConsentSeal, people.SeriesStep]
    rows = {model._meta.label_lower.replace(".", "_"): model.objects.first().pk for model in models}  # type: ignore[attr-defined]  # any model
    compared = Reconciliation.objects.create(provider="postmark", began_at=NOW)
    rows |= {
        "briefing_reconciliation": compared.pk,
        "briefing_article": Article.objects.get(status="draft").pk,
        "briefing_issue": draft.pk,
        "briefing_dispatch": dispatch.pk,
        "briefing_alert": Alert.objects.create(kind="held", key="a", text="a", at=NOW).pk,
        "briefing_burst": Burst.objects.create(dispatch=dispatch, at=NOW).pk,
        "briefing_user": staff.pk,
    }
    return World(issue=draft, dispatch=dispatch, rows=rows)


def opens(client: Client, name: str, address: str) -> bool:
    """Whether an address opens for somebody; a refusal is 403 and nothing else."""
    answer = client.post(address) if name.partition(" ")[0] in POSTED else client.get(address)
    if answer.status_code == 403:
        return False
    location = answer.headers.get("Location", "")
    assert answer.status_code in {200, 204, 302}, (name, address, answer.status_code)
    assert not location.startswith("/accounts/login/"), (name, address)
    return True


def test_somebody_has_said_who_may_open_every_address_of_the_desk() -> None:
    assert set(served("admin/")) == set(decided())


@pytest.mark.parametrize("role", LETTERS)
def test_a_role_opens_what_is_its_own_and_is_refused_everything_else(
    world: World, role: str
) -> None:
    client = log_in(holder_of(role))

    found = {name: opens(client, name, world.address(name)) for name in decided()}

    wanted = {name: LETTERS[role] in letters for name, letters in decided().items()}
    assert found == wanted


def test_staff_without_a_role_see_the_dashboard_and_nothing_else(world: World) -> None:
    client = log_in(User.objects.create_user("new", is_staff=True))

    for name, letters in decided().items():
        opened = opens(client, name, world.address(name))
        assert opened is (letters == EVERYBODY), name


def test_a_visitor_is_asked_to_log_in_everywhere(world: World, client: Client) -> None:
    # The desk's front, where who logs out is led, asks like any other address.
    doors = {reverse("account_login"), reverse("admin:login"), reverse("admin:index")}

    for name in set(decided()) - {"admin:login"}:
        answer = client.get(world.address(name))
        assert answer.status_code == 302, name
        assert answer.headers["Location"].partition("?")[0] in doors, name

    answer = client.get(reverse("admin:login"), follow=True)
    assert answer.request["PATH_INFO"] == reverse("account_login")


def test_somebody_with_an_account_who_is_not_staff_opens_nothing(world: World) -> None:
    client = log_in(User.objects.create_user("guest"))

    for name in decided():
        if name not in {"admin:logout", "admin:password_change"}:
            assert client.get(world.address(name), follow=True).status_code == 403, name


def test_nobody_reaches_another_persons_account_pages_without_logging_in(
    client: Client, db: None
) -> None:
    open_to_all = {
        "account_login",
        "account_signup",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key_done",
        "account_inactive",
        "account_email_verification_sent",
        "mfa_login_webauthn",
        "socialaccount_login_cancelled",
        "socialaccount_login_error",
    }
    for name in served("accounts/"):
        try:
            address = reverse(name)
        except Exception:  # noqa: BLE001, S112  addresses that carry a key are not there to be guessed
            continue
        answer = client.get(address, follow=True)
        if name not in open_to_all:
            assert answer.request["PATH_INFO"] == "/accounts/login/", name
