"""Mail accounts by name: `bulk` for issues, `transactional` for mail to one person.

An account is an address in the settings: smtp:// or submission:// for a server, anymail://<provider>
for a provider's API (its keys in ANYMAIL_*), null:// for benchmarks.
"""

from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend

from briefing.env import smtp_address
from briefing.transports.anymail import backends
from briefing.transports.anymail.transport import AnymailTransport
from briefing.transports.base import Transport
from briefing.transports.null import NullTransport
from briefing.transports.smtp import SmtpTransport


def transport(account: str = "bulk") -> Transport:
    """Return the transport that dispatches an account's issues.

    Raises: ImproperlyConfigured when the account is not configured or of a kind not known.
    """
    url = _url(account)
    kind = urlsplit(url).scheme
    if kind == "null":
        return NullTransport()
    if kind == "anymail":
        return AnymailTransport(
            _provider(url),
            timeout_seconds=settings.EMAIL_TIMEOUT,
            connections=_connections(account, url),
        )
    return SmtpTransport(
        address=smtp_address(_setting(account), url),
        sockets=settings.SMTP_SOCKETS,
        timeout_seconds=settings.EMAIL_TIMEOUT,
    )


def backend(account: str = "transactional") -> BaseEmailBackend:
    """Return a Django mail backend for an account's single mails."""
    url = _url(account)
    if urlsplit(url).scheme == "anymail":
        made: BaseEmailBackend = backends.backend(
            _provider(url), timeout_seconds=settings.EMAIL_TIMEOUT
        )
        return made
    where = smtp_address(_setting(account), url)
    return get_connection(
        "django.core.mail.backends.smtp.EmailBackend",
        host=where.host,
        port=where.port,
        username=where.username,
        password=where.password,
        use_tls=where.security == "starttls",
        use_ssl=where.security == "tls",
        timeout=settings.EMAIL_TIMEOUT,
    )


def provider_of(backend: BaseEmailBackend) -> str:
    """Return the provider that one of Anymail's backends speaks to."""
    return type(backend).__module__.rpartition(".")[2]


def ways(*names: str) -> set[str]:
    """Return how the mail of these accounts leaves: providers by name, empty for a mail server."""
    urls = [settings.MAIL_ACCOUNTS.get(name, "") for name in names]
    return {_provider(url) if urlsplit(url).scheme == "anymail" else "" for url in urls if url}


def _provider(url: str) -> str:
    """Return the provider of anymail://amazon-ses by the name of its module."""
    return (urlsplit(url).hostname or "").replace("-", "_")


def _connections(account: str, url: str) -> int | None:
    """Read `?connections=4`, for a provider that limits how many calls it takes at once."""
    query = parse_qs(urlsplit(url).query, keep_blank_values=True)
    if not query:
        return None
    number = query.get("connections", [""])[0]
    if set(query) != {"connections"} or not number.isdigit() or int(number) < 1:
        raise ImproperlyConfigured(
            f"{_setting(account)} with anymail:// knows one option, ?connections=NUMBER."
        )
    return int(number)


def _url(account: str) -> str:
    url = settings.MAIL_ACCOUNTS.get(account, "")
    if not url:
        raise ImproperlyConfigured(f"No mail account “{account}”: set {_setting(account)}.")
    return str(url)


def _setting(account: str) -> str:
    return f"{account.upper()}_EMAIL_URL or EMAIL_URL"
