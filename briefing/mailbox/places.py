"""Opens the mailbox that the setting names: imaps://user:password@host/INBOX or maildir:///path."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from briefing.mailbox.imap import Imap, ImapAddress
from briefing.mailbox.maildir import Maildir


@contextmanager
def opened(url: str, *, context: ssl.SSLContext | None = None) -> Iterator[Imap | Maildir]:
    """Open a mailbox. Raises: ImproperlyConfigured, OSError.

    There is no imap://: a password is never said outside TLS.
    """
    parts = urlsplit(url)
    box: Imap | Maildir
    if parts.scheme == "maildir" and parts.path and not parts.netloc:
        box = Maildir(Path(unquote(parts.path)))
    elif parts.scheme == "imaps" and parts.hostname and parts.username:
        address = ImapAddress(
            host=parts.hostname,
            port=parts.port or 993,
            username=unquote(parts.username),
            password=unquote(parts.password or ""),
            folder=unquote(parts.path.strip("/")) or "INBOX",
        )
        box = Imap(address, context)
    else:
        raise ImproperlyConfigured(
            "MAILBOX_URL must look like imaps://user:password@host/INBOX or maildir:///path."
        )
    try:
        yield box
    finally:
        box.close()
