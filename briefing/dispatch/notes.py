"""What the workers of this host noted: read when a lease is over, deleted when nothing asks for it.

Before it: `journal`, whose form this reads. After it: recovery.
"""

import fcntl
import struct
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from briefing.dispatch import journal
from briefing.dispatch.journal import (
    CALL,
    CALL_AT,
    HEADER,
    IDS_AT,
    SLOT,
    SLOT_BYTES,
    SPLICING,
    STARTED,
    WAITING,
)
from briefing.transports.base import CallName


@dataclass(frozen=True, slots=True)
class GroupNote:
    """What was noted of one group: a state for each copy, in order.

    Of deferred readers on their way again `dispatch_id` and `readers` are known, else the batch.
    `call` is the last call that left of it, where a provider knows calls by their keys. `goes_on` says
    that its worker lives and has time: what waits may be started at any moment.
    """

    batch_id: int
    fence: int
    first: int
    states: bytes
    dispatch_id: int = 0
    readers: tuple[int, ...] = ()
    call: CallName | None = None
    goes_on: bool = False

    @property
    def on_the_wire(self) -> list[int]:
        """Return the positions that were started and not answered."""
        return [self.first + at for at, note in enumerate(self.states) if note == journal.STARTED]


@dataclass(frozen=True, slots=True)
class Noted:
    """One worker's journal. `held` is the batch it claimed last, with its fence."""

    path: Path
    held: tuple[int, int]
    groups: list[GroupNote]

    @property
    def claims(self) -> set[tuple[int, int]]:
        """Return each batch that is named here, with the fence it was claimed under."""
        return {self.held, *((each.batch_id, each.fence) for each in self.groups)} - {(0, 0)}


def groups_of(*, batch_id: int, fence: int) -> list[GroupNote] | None:
    """Return a worker's groups of a batch, or None when nobody here noted the claim.

    None means that nothing is known: every position must then count as possibly on the wire. Empty
    means that the worker had this batch and nothing of it in flight.

    A lease can be over whose worker is neither dead nor asleep: the database's clock was set, or
    another server with another clock took over.
    """
    found: list[GroupNote] | None = None
    for path in journal.folder().glob("*.journal"):
        noted = _noted(path)
        if noted and (batch_id, fence) in noted.claims:
            own = [
                each for each in noted.groups if (each.batch_id, each.fence) == (batch_id, fence)
            ]
            found = [*(found or []), *own]
    return found


def states(groups: Sequence[GroupNote]) -> dict[int, int]:
    """Return position -> state of these groups; what may be started any moment counts as started."""
    return {
        each.first + at: STARTED if each.goes_on and state in {WAITING, SPLICING} else state
        for each in groups
        for at, state in enumerate(each.states)
    }


def abandoned() -> Iterator[Noted]:
    """Yield what dead workers of this host noted."""
    for path in journal.folder().glob("*.journal"):
        noted = _noted(path) if _is_abandoned(path) else None
        if noted:
            yield noted


def clear_abandoned(*, older_than_seconds: float, now: float) -> int:
    """Delete journals whose worker is gone, read or not: those of an earlier boot cannot be."""
    removed = 0
    for path in journal.folder().glob("*.journal"):
        # Another worker may clear it in the same moment.
        with suppress(FileNotFoundError):
            if _is_abandoned(path) and now - path.stat().st_mtime > older_than_seconds:
                path.unlink()
                removed += 1
    return removed


def _noted(path: Path) -> Noted | None:
    """Read a journal of this boot; None when it is not one."""
    # Looked at first: what is read behind it as waiting is not started after that.
    lives, now = not _is_abandoned(path), time.monotonic()
    try:
        content = path.read_bytes()
    except OSError:
        return None
    today = journal.boot_id()
    if len(content) != journal.BYTES or not today:
        return None
    magic, boot, batch_id, fence = HEADER.unpack_from(content, 0)
    if magic != journal.MAGIC or boot.rstrip(b"\0") != today:
        return None
    places = range(HEADER.size, journal.BYTES, SLOT_BYTES)
    noted = [at for at in places if SLOT.unpack_from(content, at)[3]]
    groups = [_group(content, at, lives_at=now if lives else None) for at in noted]
    return Noted(path, (batch_id, fence), groups)


def _group(content: bytes, at: int, *, lives_at: float | None) -> GroupNote:
    batch_id, fence, first, count, deadline = SLOT.unpack_from(content, at)
    states = content[at + SLOT.size : at + SLOT.size + count]
    if batch_id >= 0:
        goes_on = lives_at is not None and lives_at < deadline
        call = _call(content, at + CALL_AT)
        return GroupNote(batch_id, fence, first, states, call=call, goes_on=goes_on)
    readers = struct.unpack_from(f"<{count}q", content, at + IDS_AT)
    return GroupNote(0, fence, 0, states, dispatch_id=-batch_id, readers=readers)


def _call(content: bytes, at: int) -> CallName | None:
    key, way, lives_seconds, left_at = CALL.unpack_from(content, at)
    if not any(key):
        return None
    return CallName(str(uuid.UUID(bytes=key)), way.decode(), lives_seconds, left_at)


def _is_abandoned(path: Path) -> bool:
    """Whether the worker that wrote the file is gone: its lock ends with it."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
