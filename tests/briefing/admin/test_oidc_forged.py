"""What an identity provider seems to say is believed when all of it fits, and never else."""

import time
from collections.abc import Callable

import jwt
import pytest
from django.test import Client

from briefing.models import User
from tests import openid
from tests.briefing.admin.signing_in import (
    LEAVE,
    UNFINISHED,
    _running,
    identity,
    is_in,
    sign_in,
)
from tests.openid import Claims, Identity

__all__ = ["_running", "identity"]


def bent(**changes: object) -> Callable[[Claims], Claims]:
    """Return what changes some claims, and takes away those that become nothing."""
    return lambda claims: {k: v for k, v in (claims | changes).items() if v is not None}


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"iss": "https://another.example"},
        {"aud": "another-client"},
        {"aud": [openid.CLIENT_ID, "another-client"]},
        {"aud": [openid.CLIENT_ID, "another-client"], "azp": "another-client"},
        {"nonce": "of another question"},
        {"nonce": None},
        {"sub": None},
        {"iat": int(time.time()) + 3600},
    ],
)
def test_a_token_that_is_old_or_made_for_somebody_else_opens_nothing(
    identity: Identity, owner: User, client: Client, changes: Claims
) -> None:
    identity.bends = bent(**changes)

    answer = sign_in(client)

    assert (answer.status_code, is_in(client)) == (401, False)
    assert UNFINISHED in answer.content.decode()


def test_a_token_signed_by_another_key_opens_nothing(
    identity: Identity, owner: User, client: Client
) -> None:
    identity.signed_by = "a forger's"

    answer = sign_in(client)

    assert (answer.status_code, is_in(client)) == (401, False)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_with_no_signature_or_one_that_anybody_could_make_opens_nothing(
    identity: Identity, owner: User, client: Client, algorithm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = jwt.encode

    def forged(claims: Claims, _key: object, _algorithm: str, headers: Claims) -> str:
        return genuine(claims, "k" * 64 if algorithm == "HS256" else "", algorithm, headers)

    monkeypatch.setattr(jwt, "encode", forged)

    assert (sign_in(client).status_code, is_in(client)) == (401, False)


def test_userinfo_of_somebody_else_opens_nothing(
    identity: Identity, owner: User, client: Client
) -> None:
    identity.tells_in_token = False
    identity.userinfo = {"sub": "somebody else"}

    assert (sign_in(client).status_code, is_in(client)) == (401, False)


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://another.example"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
    ],
)
def test_a_provider_that_says_something_odd_of_itself_is_not_followed(
    identity: Identity, client: Client, db: None, discovery: Claims
) -> None:
    identity.discovery = discovery

    answer = client.post(LEAVE)

    assert answer.status_code == 401
    assert UNFINISHED in answer.content.decode()
