"""Fixtures of the desk: people who work there, and their browsers."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page

from briefing.models import User
from tests.chromium import Visit

PASSWORD = "a long and boring passphrase"  # noqa: S105  opens nothing but a test's own rows


@pytest.fixture
def owner(db: None) -> User:
    """Make somebody who may do everything."""
    return User.objects.create_superuser("olivia", "olivia@desk.example", PASSWORD)


@pytest.fixture
def desk(owner: User) -> Client:
    """Return the owner's client, logged in."""
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def desk_page(visit: Visit, site: str) -> Callable[..., Page]:
    """Open a page for somebody who is already logged in."""

    def open_page(person: User, *, javascript: bool = True, dark: bool = False) -> Page:
        client = Client()
        client.force_login(person)
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
