"""What a stolen database tells of second factors: nothing."""

import importlib
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.apps import apps
from django.db import connection
from pytest_django import Settings

from briefing.admin.ciphering import StaffFactorsAdapter
from briefing.models import User
from tests.briefing.admin.test_second_factor import code

OLD, NEW = b"1" * 32, b"2" * 32


@pytest.fixture
def secret(owner: User) -> str:
    """Set an authenticator app and recovery codes up, and return the app's secret."""
    made: str = generate_totp_secret()
    TOTP.activate(owner, made)
    RecoveryCodes.activate(owner)
    return made


def kept() -> str:
    """Return all that the database holds of second factors."""
    return str(list(Authenticator.objects.order_by("pk").values_list("data", flat=True)))


def app() -> TOTP:
    """Return the app as it is kept."""
    return TOTP(Authenticator.objects.get(type="totp"))


def test_no_secret_stands_in_the_database_and_its_codes_are_taken(secret: str) -> None:
    assert secret not in kept()
    assert app().validate_code(code(secret))


def test_a_newer_key_encrypts_and_the_older_one_still_reads(
    secret: str, settings: Settings
) -> None:
    settings.LINK_KEYS = {1: OLD}
    before = StaffFactorsAdapter().encrypt(secret)

    settings.LINK_KEYS = {2: NEW, 1: OLD}

    assert StaffFactorsAdapter().encrypt(secret).startswith("2:")
    assert StaffFactorsAdapter().decrypt(before) == secret


@pytest.mark.parametrize("spoilt", ["9:gAAAAA", "1:gAAAAA", "x:gAAAAA", ":"])
def test_of_a_secret_that_cannot_be_read_no_code_is_taken(secret: str, spoilt: str) -> None:
    Authenticator.objects.filter(type="totp").update(data={"secret": spoilt})

    assert not app().validate_code(code(secret))
    # Nor one that anybody could reckon from an empty secret.
    assert StaffFactorsAdapter().decrypt(spoilt) != StaffFactorsAdapter().decrypt(spoilt)


def test_what_was_kept_as_it_is_can_be_used_and_is_encrypted_once(secret: str) -> None:
    Authenticator.objects.filter(type="totp").update(data={"secret": secret})
    Authenticator.objects.filter(type="recovery_codes").update(
        data={"seed": "ab" * 20, "used_mask": 1, "migrated_codes": ["1234", "5678"]}
    )
    migration = importlib.import_module("briefing.migrations.0029_encrypt_second_factors")

    for _ in range(2):
        migration.encrypt(apps, SimpleNamespace(connection=connection))

    assert not {each for each in (secret, "ab" * 20, "1234") if each in kept()}
    codes = Authenticator.objects.get(type="recovery_codes")
    assert codes.data["used_mask"] == 1
    assert RecoveryCodes(codes).get_unused_codes() == ["1234", "5678"]
    assert app().validate_code(code(secret))
