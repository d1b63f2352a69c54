"""Fixtures of the desk: people who work there, and their browsers."""

from collections.abc import Callable
from datetime import date

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.utils import is_mfa_enabled
from django.apps import apps
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Group
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import Model
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page

from briefing.admin.site import desk as desk_site
from briefing.dispatch import control, planner
from briefing.models import Dispatch, User
from subscribers.crowd import Fortune
from tests.chromium import Visit
from tests.factories import issue, newsletter, noise
from tests.subscribers.making import crowd_of

PASSWORD = "a long and boring passphrase"


def shown_models() -> list[type[Model]]:
    """Return every model that has a screen of Django's admin at the desk."""
    return [model for model in apps.get_models() if desk_site.is_registered(model)]


def log_in(person: User) -> Client:
    """Return the client of somebody who logged in with their second factor; the session is the proof."""
    if not is_mfa_enabled(person):
        TOTP.activate(person, generate_totp_secret())
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": 0}]
    session["account_authentication_methods_user"] = str(person.pk)
    session.create()
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
    return client


def holder_of(role: str) -> User:
    """Make a member of staff who holds one role."""
    person = User.objects.create_user(role.replace(" ", "-"), password=PASSWORD, is_staff=True)
    person.groups.add(Group.objects.get(name=role))
    return person


@pytest.fixture
def owner(db: None) -> User:
    """Make somebody who may do everything."""
    return User.objects.create_superuser("olivia", "olivia@desk.example", PASSWORD)


@pytest.fixture
def desk(owner: User) -> Client:
    """Return the owner's client, logged in with a second factor."""
    return log_in(owner)


@pytest.fixture
def desk_page(visit: Visit, site: str) -> Callable[..., Page]:
    """Open a page for somebody who is already logged in."""

    def open_page(person: User, *, javascript: bool = True, dark: bool = False) -> Page:
        client = log_in(person)
        page = visit(javascript=javascript, viewport=(1440, 900), dark=dark)
        page.context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                    "url": site,
                }
            ]
        )
        return page

    return open_page


@pytest.fixture
def audience(db: None) -> None:
    """Make three readers who get the next issue, three who do not, and another letter's readers."""
    noise()
    fortunes = {f"reader{number}@example.org": Fortune() for number in range(3)} | {
        "left@example.org": Fortune(state="unsubscribed"),
        "gone@example.org": Fortune(withheld="suppressed"),
        "away@example.org": Fortune(paused_until=date(2099, 1, 1)),
    }
    crowd_of(newsletter(), fortunes)


@pytest.fixture
def running(audience: None) -> Dispatch:
    """Set a dispatch running whose audience is planned."""
    started = control.start(issue(), now=timezone.now())
    planner.plan(started.pk, ring=lambda _: None)
    started.refresh_from_db()
    return started
