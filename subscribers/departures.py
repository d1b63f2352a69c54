"""Who left and who was erased, in a file outside the database, for the day a backup is restored.

Before it: the consent ledger, which writes each of these acts. After it: `restoring`, which carries
out again what the backup does not know. A line holds the ledger's own name of a person, a random
number; never an address. Pure: knows no table.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings


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


def note(act: Act) -> None:
    """Append one act; it is on the disk when this returns."""
    # One write to a file opened for appending: lines of several processes never mix.
    file = os.open(_path(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, act.line().encode())
        os.fsync(file)
    finally:
        os.close(file)


def read() -> Iterator[Act]:
    """Yield every act, in the order in which they were noted; a torn last line is none."""
    try:
        file = _path().open(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return
    with file:
        for line in file:
            act = _parse(line)
            if act:
                yield act


def _parse(line: str) -> Act | None:
    try:
        at, act, person, newsletter = line.split()
        newsletter_id = None if newsletter == "-" else int(newsletter)
        return Act(datetime.fromisoformat(at), act, UUID(person), newsletter_id)
    except ValueError:
        return None


def _path() -> Path:
    return Path(settings.LOCAL_DIR) / "departures.log"
