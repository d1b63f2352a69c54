"""Anymail's backend for a provider, set so that a call is made once and answered in time."""

import warnings
from functools import cache
from typing import Any

from anymail.exceptions import AnymailConfigurationError, AnymailNotSupportedWarning
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection

from briefing.transports.capabilities import CAPABILITIES, Capability

# Our reference names a message in its events: an id that Anymail draws when it compiles would be
# the same for every reader.
_OPTIONS: dict[str, dict[str, Any]] = {
    "postmark": {"use_bulk_api": False, "generate_message_id": False},
    "sendgrid": {"generate_message_id": False, "merge_field_format": "-{}-"},
    "unisender_go": {"generate_message_id": False},
}


def backend(provider: str, *, timeout_seconds: float, connections: int = 1) -> Any:
    """Return Anymail's backend object, not opened yet.

    Raises: ImproperlyConfigured for a provider not known or a key not set.
    """
    options: dict[str, Any] = dict(_OPTIONS.get(provider, {}))
    if capability_of(provider).switches_tracking:
        # Whatever the account's default is: nobody is tracked without having granted it to us.
        options["send_defaults"] = {"track_clicks": False, "track_opens": False}
    if provider == "amazon_ses":
        options["client_params"] = _boto_client(timeout_seconds, connections)
        options["session_params"] = _boto_session()
    else:
        options["timeout"] = timeout_seconds
    with warnings.catch_warnings():
        # capabilities.py says so where an operator reads it; a worker need not at every drain.
        warnings.simplefilter("ignore", AnymailNotSupportedWarning)
        try:
            return get_connection(f"anymail.backends.{provider}.EmailBackend", **options)
        except AnymailConfigurationError as error:
            raise ImproperlyConfigured(f"anymail://{provider}: {error}") from error


def capability_of(provider: str) -> Capability:
    """Return what a provider can do. Raises: ImproperlyConfigured for one not known."""
    if provider not in CAPABILITIES:
        known = ", ".join(sorted(CAPABILITIES))
        raise ImproperlyConfigured(f"“{provider}” is no provider of anymail://. Known: {known}.")
    return CAPABILITIES[provider]


def _boto_session() -> dict[str, Any]:
    """Return boto3's parameters: what it reads of its own files is read once in a process.

    Every drain opens the account anew, and reading them takes fifteen times as long as all else.
    """
    given: dict[str, Any] = getattr(settings, "ANYMAIL", {}).get("AMAZON_SES_SESSION_PARAMS", {})
    return {"botocore_session": _botocore(), **given}


@cache
def _botocore() -> Any:
    from botocore.session import get_session  # noqa: PLC0415  boto3 is an extra

    return get_session()


def _boto_client(timeout_seconds: float, connections: int) -> dict[str, Any]:
    """Return boto3's parameters: by default it makes up to five calls of one that fails.

    Source: https://docs.aws.amazon.com/boto3/latest/guide/retries.html
    """
    given: dict[str, Any] = getattr(settings, "ANYMAIL", {}).get("AMAZON_SES_CLIENT_PARAMS", {})
    once = {
        "retries": {"total_max_attempts": 1, "mode": "standard"},
        "connect_timeout": timeout_seconds,
        "read_timeout": timeout_seconds,
        "max_pool_connections": connections,
    }
    return given | {"config": {**given.get("config", {}), **once}}
