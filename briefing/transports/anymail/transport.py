"""A provider's API as a transport: the composer, and the session that makes the calls."""

import json
from functools import cached_property
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from briefing.transports.anymail.attempts import Account
from briefing.transports.anymail.backends import backend, capability_of
from briefing.transports.anymail.calling import Caller, HttpCaller
from briefing.transports.anymail.composer import ApiComposer
from briefing.transports.anymail.ses import SesCaller
from briefing.transports.anymail.session import AnymailSession
from briefing.transports.base import Sender, TransportDownError, VariantContent, Watcher
from briefing.transports.capabilities import Bodies

# One call on the wire while the next is spliced; single messages must hide the way there and back.
_CONNECTIONS = {Bodies.WHOLE: 2, Bodies.MERGED: 2, Bodies.SINGLE: 8}


# A provider that answered 500 or nothing is asked by the call's key what became of it.
_ASK_AGAIN_AFTER = (1.0, 5.0)


class AnymailTransport:
    """One account at a provider.

    Raises: ImproperlyConfigured for a provider that is not known.
    """

    def __init__(
        self,
        provider: str,
        *,
        timeout_seconds: float,
        connections: int | None = None,
        ask_again_after: tuple[float, ...] = _ASK_AGAIN_AFTER,
    ) -> None:
        capability = capability_of(provider)
        self._account = Account(
            provider,
            capability,
            connections or _CONNECTIONS[capability.bodies],
            timeout_seconds,
            ask_again_after,
            _way(provider) if capability.idempotency else "",
        )

    @property
    def way(self) -> str:
        """What stands for this account, where its provider knows calls by their keys."""
        return self._account.way

    @property
    def group_size(self) -> int | None:
        """As many copies as one call takes; None where each copy is a call of its own."""
        readers = self._account.capability.readers_per_call
        return readers if readers > 1 else None

    def composer(self, variant: VariantContent, sender: Sender) -> ApiComposer:
        """Have Anymail write the provider's form of a variant, once."""
        return ApiComposer(
            variant,
            sender,
            provider=self._account.provider,
            backend=self._backend,
            capability=self._account.capability,
        )

    def open(self, watcher: Watcher, sender: Sender) -> AnymailSession:
        """Open the session; its connections are made by the first calls and kept.

        Raises: TransportDownError, for good, when the account is not configured.
        """
        try:
            caller = self._caller()
        except ImproperlyConfigured as error:
            raise TransportDownError(str(error)[:200], permanent=True) from error
        return AnymailSession(caller, self._account, watcher)

    def _caller(self) -> Caller:
        account = self._account
        own = backend(
            account.provider,
            timeout_seconds=account.timeout_seconds,
            connections=account.connections,
        )
        if account.provider == "amazon_ses":
            return SesCaller(own)
        return HttpCaller(
            own,
            account.capability,
            connections=account.connections,
            timeout_seconds=account.timeout_seconds,
        )

    @cached_property
    def _backend(self) -> Any:
        """The backend that writes forms; it is never opened."""
        account = self._account
        return backend(account.provider, timeout_seconds=account.timeout_seconds)


def _way(provider: str) -> str:
    """Return what changes with the account: a call's key means something to that one only."""
    own = {
        name: value
        for name, value in getattr(settings, "ANYMAIL", {}).items()
        if name.startswith(provider.upper())
    }
    text = json.dumps([provider, own], sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()[:32]
