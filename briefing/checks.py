"""What must be true before a copy in production starts; Django's check framework asks it too.

Every `manage.py` command runs the checks first and so refuses by itself. The web server asks `unfit`,
which finds the same; whoever sends mail asks `unfit_to_send`, which wants a postal address as well.
"""

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.http.request import validate_host

from briefing.env import smtp_address

# Django only warns below these; here they are a condition for starting.
_SECRET_LENGTH = 50
_SECRET_LETTERS = 5
_INVENTED = ("insecure", "change-me", "changeme", "tests-only")


def unfit() -> str:
    """Return why this copy must not start, a sentence to a line; nothing when it may."""
    return _told(of_settings())


def unfit_to_send() -> str:
    """Return why workers and beat must not start, in the same form."""
    return _told([*of_settings(), *of_newsletters()])


def _told(found: Iterable[CheckMessage]) -> str:
    return "\n".join(f"{message.id}: {message.msg} {message.hint}" for message in found)


@register(Tags.security)
def of_settings(**_: Any) -> list[CheckMessage]:
    """Look at what the environment gave. A demo has invented addresses and may start with them."""
    if settings.MODE != "production":
        return []
    return [*_secret_key(), *_public_address(), *_hosts(), *_mail_accounts(), *_identity_provider()]


@register(Tags.database)
def of_newsletters(**_: Any) -> list[CheckMessage]:
    """Look for newsletters without a postal address, which most countries' law asks for.

    An import makes such a one from the box in an article. Django is only warned: an error would keep
    the next migration from running, and the desk, where the address is written, from starting.
    """
    if settings.MODE != "production":
        return []
    newsletters = apps.get_model("subscribers", "Newsletter")
    try:
        slugs = list(newsletters.objects.filter(postal_address="").values_list("slug", flat=True))
    except DatabaseError:
        # Before the first migration, or with the database away, there is nothing to judge yet.
        return []
    return [
        Caution(
            f"The newsletter “{slug}” has no postal address, so no mail is sent.",
            hint="Write it at the desk, under Newsletters: workers and beat start once it is there.",
            id="briefing.W006",
        )
        for slug in slugs
    ]


def _secret_key() -> Iterator[CheckMessage]:
    secret = settings.SECRET_KEY
    is_short = len(secret) < _SECRET_LENGTH or len(set(secret)) < _SECRET_LETTERS
    if is_short or any(word in secret.lower() for word in _INVENTED):
        yield Error(
            "SECRET_KEY is not a real secret.",
            hint='Make one: python3 -c "import secrets; print(secrets.token_urlsafe(48))"',
            id="briefing.E001",
        )


def _public_address() -> Iterator[CheckMessage]:
    parts = urlsplit(settings.PUBLIC_BASE_URL)
    if parts.scheme != "https" or not parts.hostname or parts.path or parts.query:
        yield Error(
            "PUBLIC_BASE_URL is not the site's https address.",
            hint="Set it to what readers see, like https://briefing.example, with no path.",
            id="briefing.E002",
        )


def _hosts() -> Iterator[CheckMessage]:
    if "*" in settings.ALLOWED_HOSTS:
        yield Error(
            "ALLOWED_HOSTS contains *.",
            hint="Name the hosts; with * a stranger's Host header would be answered.",
            id="briefing.E003",
        )
    host = urlsplit(settings.PUBLIC_BASE_URL).hostname
    if host and not validate_host(host, settings.ALLOWED_HOSTS):
        yield Error(
            "ALLOWED_HOSTS does not contain the host of PUBLIC_BASE_URL.",
            hint=f"Add {host}: links in mail lead there.",
            id="briefing.E004",
        )


def _mail_accounts() -> Iterator[CheckMessage]:
    for account, url in settings.MAIL_ACCOUNTS.items():
        # Without a fallback a dispatch waits; without the others nobody gets any mail.
        is_left_out = account == "fallback" and not url
        if not is_left_out and (wrong := _what_is_wrong(url)):
            yield Error(
                f"The mail account “{account}” reaches nobody: {wrong}",
                hint=f"Set EMAIL_URL, or {account.upper()}_EMAIL_URL for this account alone.",
                id="briefing.E005",
            )


def _identity_provider() -> Iterator[CheckMessage]:
    if settings.OIDC.is_half_set:
        yield Error(
            f"The identity provider is half set: {', '.join(settings.OIDC.missing)} is missing.",
            hint="Set OIDC_SERVER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET, or none of them.",
            id="briefing.E007",
        )
    elif settings.OIDC.is_on and not settings.OIDC.is_safe:
        yield Error(
            "OIDC_SERVER is not an https address.",
            hint="Set it to the issuer that the provider names, like https://login.example.",
            id="briefing.E008",
        )


def _what_is_wrong(url: str) -> str:
    """Return why a mail account's address is of no use, or nothing."""
    if not url:
        return "it has no provider."
    parts = urlsplit(url)
    if parts.scheme == "anymail":
        known = parts.hostname and find_spec(f"anymail.backends.{parts.hostname}")
        return "" if known else f"Anymail knows no provider “{parts.hostname}”."
    try:
        smtp_address("it", url)
    except ImproperlyConfigured as error:
        return str(error)
    return ""
