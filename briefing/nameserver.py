"""Asks DNS what text stands under a name, and never waits for it for long.

Before it: whoever wants to know, in a task. After it: `issues/senders.py`, which judges the text.
"""

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dns.resolver import Resolver

_SECONDS_IN_ALL = 20.0
_SECONDS_EACH = 5.0


class SilentError(Exception):
    """No answer came, or none that can be understood: nothing is known, not even absence."""


class Asker:
    """Asks a few questions within one span of time, of the servers that this machine is set to."""

    def __init__(self, resolver: "Resolver | None" = None) -> None:
        """Only tests give a resolver of their own."""
        # Half a second of work, which every command and every process would have to wait for.
        import dns.exception  # noqa: PLC0415  as said above
        import dns.resolver  # noqa: PLC0415  as said above

        self._dns = dns
        self._resolver = resolver
        self._ends_at = time.monotonic() + _SECONDS_IN_ALL

    def is_there(self, name: str) -> bool:
        """Whether a name, or anything below it, exists (RFC 8020). Raises: SilentError."""
        return self._ask(name) is not None

    def texts(self, name: str) -> list[str]:
        """Return the texts under a name, each joined from its pieces (RFC 1035, 3.3.14).

        Raises: SilentError.
        """
        return self._ask(name) or []

    def _ask(self, name: str) -> list[str] | None:
        """Return the texts, or None where DNS says that there is no such name."""
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise SilentError(name)
        try:
            # Read from the machine's settings only now: without any, this raises as silence does.
            self._resolver = self._resolver or self._dns.resolver.Resolver()
            answer = self._resolver.resolve(
                name, "TXT", lifetime=min(left, _SECONDS_EACH), search=False
            )
        except self._dns.resolver.NoAnswer:
            return []
        except self._dns.resolver.NXDOMAIN:
            return None
        except (self._dns.exception.DNSException, OSError, UnicodeError) as error:
            raise SilentError(name) from error
        return [b"".join(each.strings).decode("utf-8", "replace") for each in answer]
