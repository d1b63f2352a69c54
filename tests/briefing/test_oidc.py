"""What the environment says of an identity provider."""

import pytest
from environs import Env

from briefing import oidc

ALL = {
    "OIDC_SERVER": "https://login.example/house",
    "OIDC_CLIENT_ID": "desk",
    "OIDC_CLIENT_SECRET": "secret",
}


def read(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> oidc.IdentityProvider:
    """Read an environment that has these settings and no others of the kind."""
    for name in (*ALL, "OIDC_NAME", "OIDC_DEMANDS_SECOND_FACTOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return oidc.read(Env())


def test_nothing_said_means_that_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(monkeypatch, {})
    assert not found.is_on
    assert not found.is_half_set


def test_all_of_it_turns_it_on_named_by_its_host_and_with_nothing_counting_as_a_second_factor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = read(monkeypatch, ALL)
    assert found.is_on
    assert found.is_safe
    assert (found.name, found.demands_second_factor) == ("login.example", False)


@pytest.mark.parametrize("name", ALL)
def test_without_one_of_them_it_is_half_set_and_off(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    found = read(monkeypatch, {**ALL, name: " "})
    assert (found.is_on, found.is_half_set, found.missing) == (False, True, [name])


def test_the_address_of_its_document_is_as_good_as_its_issuer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = "https://login.example/house/.well-known/openid-configuration"
    assert read(monkeypatch, {**ALL, "OIDC_SERVER": address}).server == ALL["OIDC_SERVER"]
