"""Who left, was erased or suppressed, in a file outside the database, for when a backup is restored.

Before it: the consent ledger and suppression, which write each of these acts. After it: `restoring`,
which carries out again what the backup does not know. A line holds the ledger's own name of a person, a
random number, or the keyed hash of a mailbox; never an address. Pure: knows no table.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings

SUPPRESSED, LIFTED = "suppressed", "lifted"


@dataclass(frozen=True, slots=True)
class Act:
    """One line: what a person did and when. No newsletter means all of them."""

    at: datetime
    act: str
    person: UUID
    newsletter_id: int | None

    def line(self) -> str:
        """Return the act as the file has it."""
        return f"{self.at.isoformat()} {self.act} {self.person} {self.newsletter_id or '-'}\n"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One line: a mailbox, by its hash under a key, was suppressed for a reason, or that was lifted."""

    at: datetime
    act: str
    address_hash: bytes
    reason: str
    hash_key_id: int

    def line(self) -> str:
        """Return the act as the file has it."""
        whom = f"{self.address_hash.hex()} {self.reason}/{self.hash_key_id}"
        return f"{self.at.isoformat()} {self.act} {whom}\n"


def note(*acts: Act | Mailbox) -> None:
    """Append acts; they are on the disk when this returns."""
    # One write to a file opened for appending: lines of several processes never mix.
    file = os.open(_path(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, "".join(act.line() for act in acts).encode())
        os.fsync(file)
    finally:
        os.close(file)


def read() -> Iterator[Act]:
    """Yield what people did, in the order in which it was noted; a torn last line is none."""
    return filter(None, map(_act, _lines()))


def mailboxes() -> Iterator[Mailbox]:
    """Yield what became of mailboxes, in the order in which it was noted; a torn last line is none."""
    return filter(None, map(_mailbox, _lines()))


def _lines() -> Iterator[str]:
    try:
        file = _path().open(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return
    with file:
        yield from file


def _act(line: str) -> Act | None:
    try:
        at, act, person, newsletter = line.split()
        newsletter_id = None if newsletter == "-" else int(newsletter)
        return Act(datetime.fromisoformat(at), act, UUID(person), newsletter_id)
    except ValueError:
        return None


def _mailbox(line: str) -> Mailbox | None:
    try:
        at, act, address_hash, why = line.split()
        reason, key_id = why.split("/")
        whom = bytes.fromhex(address_hash)
        return Mailbox(datetime.fromisoformat(at), act, whom, reason, int(key_id))
    except ValueError:
        return None


def _path() -> Path:
    return Path(settings.LOCAL_DIR) / "departures.log"
