"""Every role at every address of the desk: the addresses come from the table that Django serves by.

A new address fails here until somebody has said who may open it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from django.utils import timezone

from briefing.admin import roles
from briefing.dispatch import control
from briefing.models import Alert, Article, AuditEntry, Author, Burst, Dispatch, Issue, User
from subscribers import models as people
from subscribers import sealing, suppression
from tests.briefing.admin.conftest import holder_of, log_in
from tests.factories import NOW, article, issue, subscription
from tests.subscribers.making import confirmed, pending

# One letter a role: author, editor, publisher, owner, and r for the privacy officer.
LETTERS = {
    roles.AUTHOR: "a",
    roles.EDITOR: "e",
    roles.PUBLISHER: "p",
    roles.PRIVACY_OFFICER: "r",
    roles.OWNER: "o",
}
EVERYBODY = "aepro"

# Who may see a list and its rows, who may add, who may delete.
LISTS = {
    "briefing_article": ("aepo", "aepo", "epo"),
    "briefing_author": ("aepo", "aepo", "epo"),
    "briefing_issue": ("epo", "", "epo"),
    "briefing_dispatch": ("epro", "", ""),
    "briefing_user": ("o", "o", ""),
    "briefing_auditentry": ("o", "", ""),
    "subscribers_topic": ("aepo", "epo", "o"),
    "subscribers_newsletter": ("po", "o", ""),
    "subscribers_subscriber": ("ro", "", ""),
    "subscribers_subscription": ("ro", "", ""),
    "subscribers_signuprequest": ("ro", "", ""),
    "subscribers_outbox": ("ro", "", ""),
    "subscribers_suppression": ("ro", "ro", ""),
    "subscribers_consentrecord": ("ro", "", ""),
    "subscribers_consentnotice": ("ro", "ro", ""),
    "subscribers_consentseal": ("ro", "", ""),
}
VERSIONED = {"briefing_article", "briefing_issue"}
OTHERS = {
    "admin:index": EVERYBODY,
    "admin:app_list": EVERYBODY,
    "admin:jsi18n": EVERYBODY,
    "admin:search": EVERYBODY,
    "admin:login": EVERYBODY,
    "admin:logout": EVERYBODY,
    "admin:password_change": EVERYBODY,
    "admin:password_change_done": EVERYBODY,
    "admin:view_on_site": EVERYBODY,
    # Asked by a form's field for its choices: none of the desk's forms has one.
    "admin:autocomplete": "",
    "admin:auth_user_password_change": "o",
    "admin:briefing_article_simple_history": "aepo",
    "admin:briefing_issue_simple_history": "epo",
    "admin:subscribers_suppression_lift": "ro",
    "desk-proof": "aepo",
    "desk-proof-page": "aepo",
    "desk-keep": "aepo",
    "desk-forget": "aepo",
    "desk-render": "aepo",
    "desk-import": "epo",
    "desk-compose": "epo",
    "desk-arrange": "epo",
    "desk-duplicate": "epo",
    "desk-preview": "epo",
    "desk-preview-mail": "epo",
    "desk-test": "epo",
    "desk-dispatch": "po",
    "desk-steer": "po",
    "desk-report": "epro",
    "desk-heat": "epro",
    "desk-heat-mail": "epro",
    "desk-course": "epro",
    "desk-growth": "epro",
    "desk-cohorts": "epro",
    "desk-sources": "epro",
    "desk-follow": "po",
    "desk-resolve": "po",
    "desk-hold": "po",
    "desk-let-go": "po",
    "desk-see": "po",
    "desk-export": "ro",
    "desk-erase": "ro",
    "desk-deliveries": "epro",
    "desk-timeline": "ro",
    "desk-burst": "po",
}


# What acts at once is only taken as a POST.
POSTED = {
    "desk-duplicate",
    "desk-keep",
    "desk-forget",
    "desk-render",
    "desk-steer",
    "desk-resolve",
    "desk-let-go",
    "desk-see",
    "desk-export",
}


def decided() -> dict[str, str]:
    """Return who may open each address, by its name."""
    names = dict(OTHERS)
    for model, (see, add, delete) in LISTS.items():
        names[f"admin:{model}_changelist"] = see
        names[f"admin:{model}_change"] = see
        # Versions of articles and issues are for whoever works on them; the log is the owners'.
        names[f"admin:{model}_history"] = see if model in VERSIONED else "o"
        names[f"admin:{model}_add"] = add
        names[f"admin:{model}_delete"] = delete
    return names


def served(under: str) -> Iterator[str]:
    """Yield the name of every address under a part of the site, as Django knows it."""
    for pattern in get_resolver().url_patterns:
        if isinstance(pattern, URLResolver) and str(pattern.pattern) == under:
            yield from _names(pattern, "")


def _names(resolver: URLResolver, space: str) -> Iterator[str]:
    space = f"{resolver.namespace}:" if resolver.namespace else space
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _names(pattern, space)
        elif pattern.name:
            yield f"{space}{pattern.name}"


@dataclass
class World:
    """One row of everything, so that every address can be filled in."""

    issue: Issue
    dispatch: Dispatch
    rows: dict[str, Any]

    def address(self, name: str) -> str:
        """Return an address that has something to show."""
        arguments: dict[str, tuple[Any, ...]] = {
            "admin:app_list": ("briefing",),
            "admin:view_on_site": (
                ContentType.objects.get_for_model(Article).pk,
                self.rows["briefing_article"],
            ),
            "admin:auth_user_password_change": (self.rows["briefing_user"],),
            "admin:briefing_article_simple_history": (
                self.rows["briefing_article"],
                Article.history.latest().pk,
            ),
            "admin:briefing_issue_simple_history": (
                self.issue.pk,
                Issue.history.filter(id=self.issue.pk).latest().pk,
            ),
            "admin:subscribers_suppression_lift": (self.rows["subscribers_suppression"],),
            "desk-steer": (self.dispatch.pk, "pause"),
            "desk-follow": (self.dispatch.issue_id, "missed"),
            "desk-see": (self.rows["briefing_alert"],),
            "desk-export": (self.rows["subscribers_subscriber"],),
            "desk-timeline": (self.rows["subscribers_subscriber"],),
            "desk-burst": (self.rows["briefing_burst"],),
            "desk-erase": (self.rows["subscribers_subscriber"],),
        }
        if name.startswith("desk-proof") or name in {"desk-keep", "desk-forget"}:
            return reverse(name, args=[self.rows["briefing_article"]])
        of_issue = ("arrange", "duplicate", "preview", "preview-mail", "test", "dispatch", "report")
        of_report = ("heat", "heat-mail", "course")
        if name in {f"desk-{each}" for each in (*of_issue, *of_report)}:
            return reverse(name, args=[self.issue.pk])
        kind, _underscore, what = name.removeprefix("admin:").rpartition("_")
        if name not in arguments and kind in self.rows and what in {"change", "delete", "history"}:
            return reverse(name, args=[self.rows[kind]])
        return reverse(name, args=arguments.get(name, ()))


@pytest.fixture
def world(db: None) -> World:
    """Make one row of everything; the issue is still a draft, and another one is on its way."""
    pending("waiting@example.org")
    confirmed("reader@example.org")
    subscription("second@example.org")
    sealing.seal(now=NOW)
    suppression.suppress("gone@example.org", people.Suppression.Reason.MANUAL, now=NOW)
    dispatch = control.start(issue(), now=timezone.now())
    draft = issue(articles=[article("Still a draft", status="draft")])
    AuditEntry.objects.create(at=NOW, act="issue.dispatch")
    staff = User.objects.create_user("somebody", is_staff=True)
    models = [Author, AuditEntry, people.Topic, people.Newsletter, people.Subscriber]
    models += [people.Subscription, people.SignupRequest, people.Outbox, people.Suppression]
    models += [people.ConsentRecord, people.ConsentNotice, people.ConsentSeal]
    rows = {model._meta.label_lower.replace(".", "_"): model.objects.first().pk for model in models}  # type: ignore[attr-defined]  # any model
    rows |= {
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
    answer = client.post(address) if name in POSTED else client.get(address)
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
    for name in decided():
        answer = client.get(world.address(name), follow=True)
        assert answer.request["PATH_INFO"] == "/accounts/login/", name


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
