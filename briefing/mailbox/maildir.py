"""A mailbox that a mail server on this machine delivers into: one file for each mail.

Source: https://cr.yp.to/proto/maildir.html; folders as Courier and Dovecot name them.
"""

import mailbox
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from briefing.mailbox.reading import MAX_BYTES

_ASIDE = "Aside"


class Maildir:
    """The Maildir in a folder that exists. Raises: FileNotFoundError, mailbox.NoSuchMailboxError."""

    def __init__(self, path: Path) -> None:
        self._box = mailbox.Maildir(path, factory=None, create=False)
        if not (path / "new").is_dir():
            raise FileNotFoundError(f"{path} is no Maildir: it has no folder “new”.")

    def names(self) -> Iterator[str]:
        """Return names in the order of delivery: they begin with its time."""
        return iter(sorted(self._box.keys()))

    def read(self, name: str) -> bytes:
        """Return the beginning of a mail; nothing when somebody else has taken it."""
        try:
            with self._box.get_file(name) as stream:
                return bytes(stream.read(MAX_BYTES))
        except (KeyError, FileNotFoundError):
            return b""

    def remove(self, name: str) -> None:
        """Delete a mail, if it is still there."""
        with suppress(FileNotFoundError):
            self._box.discard(name)

    def set_aside(self, name: str) -> None:
        """Move a mail into the folder that a person looks through."""
        with suppress(KeyError, FileNotFoundError):
            # As it came: the reason that it is here may be that nothing can read it.
            self._box.add_folder(_ASIDE).add(self._box.get_bytes(name))
            self._box.discard(name)

    def close(self) -> None:
        """Let go of it."""
        self._box.close()
