"""An account's address in the settings: the way out it opens, and what is said where there is none."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from briefing.env import SmtpAddress
from briefing.transports import accounts
from briefing.transports.null import NullTransport
from briefing.transports.smtp import SmtpTransport


@pytest.fixture(autouse=True)
def _accounts(settings: Settings) -> None:
    settings.MAIL_ACCOUNTS = {
        "bulk": "submission://ada:s%40cret@mail.example:2525",
        "transactional": "smtp://bob:word@other.example?ssl=True",
        "fallback": "anymail://amazon-ses",
        "nowhere": "null://",
        "absent": "",
    }
    settings.SMTP_SOCKETS, settings.EMAIL_TIMEOUT = 3, 7


def test_issues_leave_by_the_server_that_the_address_names() -> None:
    bulk = SmtpAddress("mail.example", 2525, "ada", "s@cret", "starttls")
    other = SmtpAddress("other.example", 465, "bob", "word", "tls")

    assert accounts.transport() == SmtpTransport(address=bulk, sockets=3, timeout_seconds=7)
    assert accounts.transport("transactional") == SmtpTransport(
        address=other, sockets=3, timeout_seconds=7
    )
    assert isinstance(accounts.transport("nowhere"), NullTransport)


def test_single_mails_leave_by_the_server_that_the_address_names() -> None:
    bob, ada = vars(accounts.backend()), vars(accounts.backend("bulk"))

    asked = ("host", "port", "username", "password", "use_ssl", "use_tls", "timeout")
    assert [bob[name] for name in asked] == ["other.example", 465, "bob", "word", True, False, 7]
    assert [ada[name] for name in asked] == ["mail.example", 2525, "ada", "s@cret", False, True, 7]


@pytest.mark.parametrize("name", ["absent", "unheard"])
def test_an_account_without_an_address_is_named_with_its_settings(name: str) -> None:
    setting = f"{name.upper()}_EMAIL_URL"
    said = rf"^No mail account “{name}”: set {setting} or EMAIL_URL\.$"
    with pytest.raises(ImproperlyConfigured, match=said):
        accounts.transport(name)


def test_an_address_of_no_known_kind_is_refused_with_the_name_of_its_setting(
    settings: Settings,
) -> None:
    settings.MAIL_ACCOUNTS = {"bulk": "carrier://pigeon"}
    for open_account in (accounts.transport, accounts.backend):
        with pytest.raises(ImproperlyConfigured, match=r"^BULK_EMAIL_URL or EMAIL_URL must"):
            open_account("bulk")


def test_the_ways_out_are_providers_by_name_and_a_nameless_server() -> None:
    assert accounts.ways("bulk", "fallback") == {"", "amazon_ses"}
    assert accounts.ways("fallback", "absent", "unheard") == {"amazon_ses"}
