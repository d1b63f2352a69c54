"""A mailbox at a provider, read over IMAP; always inside TLS, with the server's certificate verified.

Sources: RFC 9051 (IMAP), RFC 8314 (TLS from the start), RFC 4315 (UID EXPUNGE).
"""

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from briefing.mailbox.reading import MAX_BYTES

_ASIDE = "Aside"
_TIMEOUT_SECONDS = 30


# What the library raises when a server hangs up or says what is not IMAP.
_RUBBISH = (imaplib.IMAP4.error, ValueError, LookupError, TypeError, AttributeError)


class MailboxError(OSError):
    """The server refused a command or does not speak IMAP; the message holds nothing of a mail."""


@dataclass(frozen=True, slots=True)
class ImapAddress:
    """Where a mailbox is, and whose."""

    host: str
    port: int
    username: str
    password: str
    folder: str


class Imap:
    """One folder. Numbers are UIDs: they stay the same while other programs read it as well."""

    def __init__(self, address: ImapAddress, context: ssl.SSLContext | None = None) -> None:
        with _told("greeting"):
            self._server = imaplib.IMAP4_SSL(
                address.host,
                address.port,
                ssl_context=context or ssl.create_default_context(),
                timeout=_TIMEOUT_SECONDS,
            )
        try:
            self._server.login(address.username, address.password)
            status, _words = self._server.select(f'"{address.folder}"')
        except (*_RUBBISH, OSError) as error:
            self._server.shutdown()
            # The server's own words may quote the login.
            raise MailboxError(f"{type(error).__name__} while logging in") from error
        if status != "OK":
            self._server.shutdown()
            raise MailboxError("SELECT was refused")

    def names(self) -> Iterator[str]:
        """Return the UIDs of what waits, the oldest first."""
        found = self._ask("SEARCH", "UNDELETED", "UNFLAGGED")
        with _told("SEARCH"):
            numbers = b" ".join(part for part in found if isinstance(part, bytes)).decode("ascii")
        return iter(numbers.split())

    def read(self, name: str) -> bytes:
        """Return the beginning of a mail without marking it as read."""
        parts = self._ask("FETCH", name, f"(BODY.PEEK[]<0.{MAX_BYTES}>)")
        return next((bytes(part[1]) for part in parts if isinstance(part, tuple)), b"")

    def remove(self, name: str) -> None:
        """Delete one mail, and no other that somebody marked as deleted, where the server can."""
        self._ask("STORE", name, "+FLAGS.SILENT", r"(\Deleted)")
        if "UIDPLUS" in self._server.capabilities:
            self._ask("EXPUNGE", name)

    def set_aside(self, name: str) -> None:
        """Move a mail into the folder that a person looks through."""
        with _told("COPY"):
            # It is there already, but the first time.
            self._server.create(_ASIDE)
            status, _words = self._server.uid("COPY", name, _ASIDE)
        if status == "OK":
            self.remove(name)
        else:
            # Some servers want folders elsewhere: a flagged mail stays, and is not read again.
            self._ask("STORE", name, "+FLAGS.SILENT", r"(\Flagged)")

    def close(self) -> None:
        """Expunge where that could not be done one by one, and leave."""
        try:
            self._server.close()
            self._server.logout()
        except (*_RUBBISH, OSError):
            # Everything was said before; a server that hangs up takes nothing back.
            self._server.shutdown()

    def _ask(self, command: str, *arguments: str) -> list[Any]:
        with _told(command):
            status, parts = self._server.uid(command, *arguments)
        if status != "OK":
            raise MailboxError(f"{command} was refused")
        return list(parts)


@contextmanager
def _told(command: str) -> Iterator[None]:
    """Say of rubbish what it answered. Raises: MailboxError."""
    try:
        yield
    except OSError:
        # A certificate that nobody vouches for, and the like, say it best themselves.
        raise
    except _RUBBISH as error:
        raise MailboxError(f"{command} was answered with {type(error).__name__}") from error
