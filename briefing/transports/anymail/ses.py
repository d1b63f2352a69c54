"""Amazon SES speaks through boto3: the same parts, handed to its client as parameters."""

import json
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from briefing.transports.anymail.calling import Departure, Reply
from briefing.transports.anymail.composer import CallForm

# boto3's own name for the moment before a signed request is written; its handlers run in the thread
# that makes the call. Connecting comes after it, so a failure to connect takes the departure back.
_BEFORE_SEND = "before-send.sesv2.SendBulkEmail"


class NotConnectedError(Exception):
    """boto3 never reached the provider: nothing left."""


class SesCaller:
    """Calls SendBulkEmail; boto3 keeps the connections and signs."""

    def __init__(self, backend: Any) -> None:
        backend.open()
        self._backend = backend
        self._departure = threading.local()
        backend.client.meta.events.register(_BEFORE_SEND, self._announce)

    def call(
        self, form: CallForm, parts: Sequence[tuple[bytes, ...]], key: str, departure: Departure
    ) -> Reply:
        """Make one call. Raises NotConnectedError when nothing left, else what boto3 raised."""
        # boto3 is an extra, there where this provider is used.
        from botocore import exceptions  # noqa: PLC0415  boto3 is an extra

        parameters = json.loads(b"".join(form.layout.body(parts)))
        self._departure.announce = departure
        try:
            answer = self._backend.client.send_bulk_email(**parameters)
        except exceptions.ClientError as error:
            return refusal(error.response)
        except exceptions.BotoCoreError as error:
            if never_left(error):
                of_tls = isinstance(error, exceptions.SSLError)
                name = "SSLCertVerificationError" if of_tls else type(error).__name__
                raise NotConnectedError(name) from error
            raise
        finally:
            self._departure.announce = None
        about = answer["ResponseMetadata"]
        return Reply(about["HTTPStatusCode"], about["HTTPHeaders"], answer)

    def close(self) -> None:
        """Close the client's connections."""
        with suppress(OSError):
            self._backend.close()

    def _announce(self, **_event: Any) -> None:
        if announce := getattr(self._departure, "announce", None):
            announce(None)


def may_have_left(error: BaseException | None) -> bool:
    """Whether an error is of boto3, and of a call of which something was said to the provider."""
    try:
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415  boto3 is an extra
    except ImportError:
        return False
    return isinstance(error, BotoCoreError) and not never_left(error)


def never_left(error: BaseException) -> bool:
    """Whether boto3 failed before anything was said to the provider."""
    from botocore import exceptions  # noqa: PLC0415  boto3 is an extra

    before = (
        exceptions.EndpointConnectionError,
        exceptions.ConnectTimeoutError,
        exceptions.ProxyConnectionError,
    )
    # TLS can break behind the call as well as before it: only a certificate tells which.
    of_tls = isinstance(error, exceptions.SSLError)
    return isinstance(error, before) or (of_tls and is_untrusted(error))


def is_untrusted(error: BaseException | None) -> bool:
    """Whether it was the server's certificate: nothing is said to a server before it is trusted."""
    while error and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error is not None


def refusal(response: dict[str, Any]) -> Reply:
    """Return the reply that boto3 made an exception of."""
    about = response.get("ResponseMetadata", {})
    error = response.get("Error", {})
    return Reply(
        about.get("HTTPStatusCode", 500),
        about.get("HTTPHeaders", {}),
        {"code": error.get("Code"), "message": error.get("Message")},
    )
