"""A copy whose settings name an identity provider on loopback, and the way there and back."""

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.test import Client
from pytest_django import Settings

from briefing.oidc import IdentityProvider
from tests import openid
from tests.briefing.admin import oidc_urls
from tests.openid import Identity

LEAVE, CALLBACK = "/accounts/oidc/", "/accounts/oidc/callback/"
NOT_OURS = "vouches for no address"
UNFINISHED = "did not come to an end"


@pytest.fixture(scope="module")
def _running() -> Iterator[Identity]:
    with openid.running() as identity:
        yield identity


@pytest.fixture
def identity(_running: Identity, settings: Settings) -> Identity:
    """Set up a copy with a provider that vouches for the owner."""
    fresh = Identity(issuer=_running.issuer)
    fresh.person = {"sub": "248289761001", "email": "olivia@desk.example", "email_verified": True}
    _running.__dict__.update(fresh.__dict__)
    settings.OIDC = IdentityProvider(
        server=_running.issuer,
        client_id=openid.CLIENT_ID,
        client_secret=openid.CLIENT_SECRET,
        name="House Login",
    )
    settings.ROOT_URLCONF = oidc_urls.__name__
    return _running


def leave(client: Client, **posted: str) -> str:
    """Press the button, and return where at the provider that leads."""
    answer = client.post(LEAVE, posted)
    assert answer.status_code == 200, answer.content
    found = re.search('http-equiv="refresh" content="0; url=([^"]+)"', answer.content.decode())
    assert found
    return html.unescape(found[1])


def sign_in(client: Client, **posted: str) -> Any:
    """Go to the provider and come back with its answer."""
    answer = requests.get(leave(client, **posted), allow_redirects=False, timeout=20)
    parts = urlsplit(answer.headers["Location"])
    return client.get(f"{parts.path}?{parts.query}")


def is_in(client: Client) -> bool:
    """Whether the desk knows somebody."""
    return "_auth_user_id" in client.session
