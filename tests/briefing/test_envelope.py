"""Envelope addresses name a delivery, fit into an envelope, and cannot be made by anybody else."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from briefing import envelope
from tests.briefing.mailbox import letters


def token(dispatch_id: int, subscriber_id: int) -> str:
    return letters.envelope_of(dispatch_id, subscriber_id).partition("@")[0].partition("+")[2]


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**48 - 1))
def test_what_is_made_is_read_whatever_the_case_and_fits(dispatch: int, reader: int) -> None:
    address = letters.envelope_of(dispatch, reader)
    assert len(address.partition("@")[0]) <= 64
    made = token(dispatch, reader)
    assert envelope.read(made) == envelope.read(made.upper()) == (dispatch, reader)


@given(st.integers(0, 2**80 - 1))
def test_a_mail_to_one_person_is_named_and_passes_for_no_copy(row: int) -> None:
    with override_settings(BOUNCE_ADDRESS=letters.BOUNCES):
        local = envelope.of_mail(row).partition("@")[0]
    made = local.partition("+")[2]
    assert len(local) <= 64
    assert envelope.read_mail(made) == envelope.read_mail(made.upper()) == row
    assert envelope.read(made) is None
    assert envelope.read_mail(token(7, 70_000)) is None


def test_no_altered_character_is_believed() -> None:
    made = token(7, 70_000)
    for at, letter in enumerate(made):
        other = "0" if letter != "0" else "1"
        assert envelope.read(f"{made[:at]}{other}{made[at + 1 :]}") is None
    assert envelope.read(made[:-2]) is None
    assert envelope.read("z" * len(made)) is None


def test_an_old_key_still_reads_and_a_withdrawn_one_does_not(settings: Settings) -> None:
    made, keys = token(7, 70_000), dict(settings.LINK_KEYS)
    settings.LINK_KEYS = {99: b"n" * 32, **keys}
    assert envelope.read(made) == (7, 70_000)
    assert token(7, 70_000) != made
    settings.LINK_KEYS = {99: b"n" * 32}
    assert envelope.read(made) is None


def test_without_the_setting_no_copy_has_an_envelope_of_its_own(settings: Settings) -> None:
    settings.BOUNCE_ADDRESS = ""
    assert envelope.maker(dispatch_id=7)(1) == envelope.of_mail(1) == ""


@pytest.mark.parametrize("address", ["bounces", "@mail.example", "a.very.long.one@mail.example"])
def test_an_address_that_tokens_do_not_fit_into_is_refused(address: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="at most 9"):
        envelope.check(address)
