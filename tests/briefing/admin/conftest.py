"""Fixtures of the desk: people who work there, and their browsers."""

from collections.abc import Callable

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import Model
from django.test import Client
from playwright.sync_api import Page

from briefing.admin.site import desk as desk_site
from briefing.models import User
from tests.chromium import Visit

PASSWORD = "a long and boring passphrase"


def shown_models() -> list[type[Model]]:
    """Return every model that has a screen of Django's admin at the desk."""
    return [model for model in apps.get_models() if desk_site.is_registered(model)]


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
