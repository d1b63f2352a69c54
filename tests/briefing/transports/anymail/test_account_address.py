"""An account whose address is anymail://: which provider, how many connections, what is refused."""

from unittest.mock import ANY

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from briefing.transports import accounts
from briefing.transports.anymail.attempts import Account
from briefing.transports.anymail.transport import AnymailTransport
from briefing.transports.capabilities import CAPABILITIES


def _address(settings: Settings, url: str) -> None:
    settings.MAIL_ACCOUNTS = {"bulk": url, "transactional": url}


def _account() -> Account:
    transport = accounts.transport()
    assert isinstance(transport, AnymailTransport)
    account: Account = vars(transport)["_account"]
    return account


@pytest.mark.parametrize("name", ["postmark", "amazon-ses", "amazon_ses", "unisender-go"])
def test_a_provider_is_named_by_its_address(settings: Settings, name: str) -> None:
    _address(settings, f"anymail://{name}")
    assert _account() == Account(
        name.replace("-", "_"), CAPABILITIES[name.replace("-", "_")], ANY, ANY, (1.0, 5.0), ANY
    )


def test_an_account_has_the_connections_that_its_address_or_its_kind_gives_it(
    settings: Settings,
) -> None:
    settings.EMAIL_TIMEOUT = 7
    found = []
    for url in ("mailtrap", "mailgun", "postmark", "postmark?connections=12"):
        _address(settings, f"anymail://{url}")
        found.append((_account().connections, _account().timeout_seconds, _account().way))
    assert found == [(8, 7, ""), (2, 7, ""), (2, 7, ""), (12, 7, "")]


@pytest.mark.parametrize(
    "url", ["anymail://", "anymail://smtp", "anymail://test", "anymail://base"]
)
def test_an_unknown_provider_is_refused_with_those_known(settings: Settings, url: str) -> None:
    _address(settings, url)
    with pytest.raises(ImproperlyConfigured, match="postmark, resend"):
        accounts.transport()
    with pytest.raises(ImproperlyConfigured, match="postmark, resend"):
        accounts.backend()


@pytest.mark.parametrize("query", ["connections=0", "connections=many", "connections=", "ssl=True"])
def test_an_option_that_is_not_known_is_refused(settings: Settings, query: str) -> None:
    _address(settings, f"anymail://postmark?{query}")
    with pytest.raises(ImproperlyConfigured, match=r"\?connections=NUMBER"):
        accounts.transport()


def test_single_mails_of_such_an_account_go_through_anymail(settings: Settings) -> None:
    _address(settings, "anymail://mailgun?connections=2")
    settings.ANYMAIL = {"MAILGUN_API_KEY": "key"}
    settings.EMAIL_TIMEOUT = 7
    backend = accounts.backend()
    assert accounts.provider_of(backend) == "mailgun"
    assert vars(backend)["timeout"] == 7


def test_amazon_is_called_once_whatever_boto_would_do(settings: Settings) -> None:
    _address(settings, "anymail://amazon-ses")
    own = {"retries": {"max_attempts": 9}, "user_agent_extra": "desk"}
    settings.ANYMAIL = {"AMAZON_SES_CLIENT_PARAMS": {"region_name": "eu-west-1", "config": own}}
    settings.EMAIL_TIMEOUT = 7
    backend = accounts.backend()
    parameters = vars(backend)["client_params"]
    config = parameters["config"]
    assert config.retries == {"total_max_attempts": 1, "mode": "standard"}
    assert (config.connect_timeout, config.read_timeout, config.max_pool_connections) == (7, 7, 1)
    assert "desk" in config.user_agent_extra
    assert parameters["region_name"] == "eu-west-1"
