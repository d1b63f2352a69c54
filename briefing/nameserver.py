"""Asks DNS what stands under a name, and never waits for it for long.

Before it: whoever wants to know, in a task. After it: `issues/dns_records.py` and `issues/spf.py`, which
judge it.
"""

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dns.resolver import Answer, Resolver

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
        return self._ask(name, "TXT") is not None

    def texts(self, name: str) -> list[str]:
        """Return the texts under a name, each joined from its pieces (RFC 1035, 3.3.14).

        Raises: SilentError.
        """
        return [
            b"".join(each.strings).decode("utf-8", "replace")
            for each in self._ask(name, "TXT") or ()
        ]

    def addresses(self, name: str, *, version: int) -> list[str]:
        """Return a name's addresses of IP version 4 or 6. Raises: SilentError."""
        found = self._ask(name, "A" if version == 4 else "AAAA")
        return [str(each.address) for each in found or ()]

    def mail_servers(self, name: str) -> list[str]:
        """Return the names of the servers that take a domain's mail. Raises: SilentError."""
        found = self._ask(name, "MX")
        return [each.exchange.to_text(omit_final_dot=True) for each in found or ()]

    def _ask(self, name: str, kind: str) -> "Answer | tuple[()] | None":
        """Return the records of one kind, or None where DNS says that there is no such name."""
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise SilentError(name)
        try:
            # Read from the machine's settings only now: without any, this raises as silence does.
            self._resolver = self._resolver or self._dns.resolver.Resolver()
            return self._resolver.resolve(
                name, kind, lifetime=min(left, _SECONDS_EACH), search=False
            )
        except self._dns.resolver.NoAnswer:
            return ()
        except self._dns.resolver.NXDOMAIN:
            return None
        except (self._dns.exception.DNSException, OSError, UnicodeError) as error:
            raise SilentError(name) from error
