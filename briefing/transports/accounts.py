"""Mail accounts by name: `bulk` for issues, `transactional` for mail to one person.

An account is an address in the settings: smtp:// or submission:// for a server, anymail://<esp> for
a provider's API (its keys in ANYMAIL_*), null:// for benchmarks.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend

from briefing.env import smtp_address
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
    return SmtpTransport(
        address=smtp_address(_setting(account), url),
        sockets=settings.SMTP_SOCKETS,
        timeout_seconds=settings.EMAIL_TIMEOUT,
    )


def backend(account: str = "transactional") -> BaseEmailBackend:
    """Return a Django mail backend for an account's single mails."""
    url = _url(account)
    parts = urlsplit(url)
    if parts.scheme == "anymail":
        return get_connection(f"anymail.backends.{parts.hostname}.EmailBackend")
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


def _url(account: str) -> str:
    url = settings.MAIL_ACCOUNTS.get(account, "")
    if not url:
        raise ImproperlyConfigured(f"No mail account “{account}”: set {_setting(account)}.")
    return str(url)


def _setting(account: str) -> str:
    return f"{account.upper()}_EMAIL_URL or EMAIL_URL"
