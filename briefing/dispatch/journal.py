"""What this worker had on the wire: a mapped file that survives the process, not the host.

The database knows that a group's intent was committed; only the journal knows which of its copies
were really started. A worker killed in mid-group therefore leaves at most one unknown per socket
instead of a whole group. Writing to the map costs no system call, and the kernel keeps the page
when the process dies. After a reboot the file is ignored: its last pages may be missing.
"""

import fcntl
import mmap
import os
import secrets
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from briefing.transports.base import Copy

_MAGIC = b"BRIEFJ04"
_HEADER = struct.Struct("<8s36sqq")  # magic, boot, batch held, its fence
_SLOT = struct.Struct("<qqii")  # batch, fence, first position, count
_SLOTS = 8
_MAX_COPIES = 1000
_IDS_AT = _SLOT.size + _MAX_COPIES
_SLOT_BYTES = _IDS_AT + 8 * _MAX_COPIES
_BYTES = _HEADER.size + _SLOTS * _SLOT_BYTES

# States of one copy. An answer is written as its outcome plus ANSWERED.
WAITING = 0
STARTED = 1
SPLICING = 2
ANSWERED = 16


def folder() -> Path:
    """Return where this host's workers keep their journals."""
    return Path(settings.LOCAL_DIR) / "journal"


def boot_id() -> bytes:
    """Return what changes when the host restarts; empty where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_bytes().strip()
    except OSError:
        return b""


class Journal:
    """One worker's file, locked for as long as the worker lives."""

    def __init__(self) -> None:
        folder().mkdir(parents=True, exist_ok=True)
        self.path = folder() / f"{os.getpid()}-{secrets.token_hex(4)}.journal"
        self._file = self.path.open("w+b")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._file.truncate(_BYTES)
        self._map = mmap.mmap(self._file.fileno(), _BYTES)
        self._free = list(range(_SLOTS))
        self._boot = boot_id()
        self.hold(batch_id=0, fence=0)

    def hold(self, *, batch_id: int, fence: int) -> None:
        """Note which batch was claimed: its silence then means that nothing of it was in flight."""
        _HEADER.pack_into(self._map, 0, _MAGIC, self._boot, batch_id, fence)

    def begin(self, *, batch_id: int, fence: int, first: int, count: int) -> int:
        """Reserve a slot for a group of a batch before its intent; returns the slot's number."""
        slot = self._free.pop()
        at = _HEADER.size + slot * _SLOT_BYTES
        self._map[at + _SLOT.size : at + _IDS_AT] = bytes(_MAX_COPIES)
        _SLOT.pack_into(self._map, at, batch_id, fence, first, count)
        return slot

    def begin_retry(self, *, dispatch_id: int, fence: int, readers: Sequence[int]) -> int:
        """Reserve a slot for deferred readers, who have no positions: their ids are noted."""
        slot = self.begin(batch_id=-dispatch_id, fence=fence, first=0, count=len(readers))
        at = _HEADER.size + slot * _SLOT_BYTES + _IDS_AT
        struct.pack_into(f"<{len(readers)}q", self._map, at, *readers)
        return slot

    def mark(self, slot: int, index: int) -> int:
        """Return the place in the file where the copy at `index` of a slot is noted."""
        return _HEADER.size + slot * _SLOT_BYTES + _SLOT.size + index

    def splicing(self, slot: int, index: int) -> None:
        """Note whose copy is being built: a reader whose data kills the process is found by this."""
        self._map[self.mark(slot, index)] = SPLICING

    def spliced(self, slot: int, index: int) -> None:
        """Note that the copy is built and waits."""
        self._map[self.mark(slot, index)] = WAITING

    def started(self, copy: Copy) -> None:
        """Note a copy before its first byte."""
        self._map[copy.mark] = STARTED

    def answered(self, copy: Copy) -> None:
        """Note a copy's definite outcome as soon as it is known."""
        if copy.outcome is not None:
            self._map[copy.mark] = ANSWERED + copy.outcome

    def end(self, slot: int) -> None:
        """Free a slot once its results are committed."""
        _SLOT.pack_into(self._map, _HEADER.size + slot * _SLOT_BYTES, 0, 0, 0, 0)
        self._free.append(slot)

    def close(self) -> None:
        """Remove the file: everything in it is in the database."""
        self.path.unlink(missing_ok=True)
        self.leave()

    def leave(self) -> None:
        """Let go of the file and leave it to the recovery: the database does not know it all."""
        self._map.close()
        self._file.close()


@dataclass(frozen=True, slots=True)
class RetryNote:
    """What a dead worker noted of one group of deferred readers: reader id -> state."""

    dispatch_id: int
    fence: int
    states: dict[int, int]


def read(*, batch_id: int, fence: int) -> dict[int, int] | None:
    """Return position -> state of a dead worker's groups, or None when nobody here noted the claim.

    None means that nothing is known: every position must then count as possibly on the wire. Empty
    means that the worker had this batch and nothing of it in flight.
    """
    found: dict[int, int] | None = None
    for path in folder().glob("*.journal"):
        content = _content(path)
        if content and _HEADER.unpack_from(content, 0)[2:] == (batch_id, fence):
            found = found or {}
        for at in _used_slots(content):
            batch, its_fence, first, count = _SLOT.unpack_from(content, at)
            if (batch, its_fence) == (batch_id, fence):
                states = content[at + _SLOT.size : at + _SLOT.size + count]
                found = (found or {}) | {first + i: state for i, state in enumerate(states)}
    return found


def abandoned_retries() -> Iterator[RetryNote]:
    """Yield what dead workers of this host noted of deferred readers they were sending to."""
    for path in folder().glob("*.journal"):
        content = _content(path) if _is_abandoned(path) else b""
        for at in _used_slots(content):
            batch, fence, _first, count = _SLOT.unpack_from(content, at)
            if batch < 0:
                readers = struct.unpack_from(f"<{count}q", content, at + _IDS_AT)
                states = content[at + _SLOT.size : at + _SLOT.size + count]
                yield RetryNote(-batch, fence, dict(zip(readers, states, strict=True)))


def _content(path: Path) -> bytes:
    """Return a journal of this boot, or nothing when it is not one."""
    try:
        content = path.read_bytes()
    except OSError:
        return b""
    today = boot_id()
    if len(content) != _BYTES or not today:
        return b""
    magic, boot, *_ = _HEADER.unpack_from(content, 0)
    return content if magic == _MAGIC and boot.rstrip(b"\0") == today else b""


def _used_slots(content: bytes) -> Iterator[int]:
    """Yield where each used slot of a journal begins."""
    for slot in range(_SLOTS if content else 0):
        at = _HEADER.size + slot * _SLOT_BYTES
        if _SLOT.unpack_from(content, at)[3]:
            yield at


def _is_abandoned(path: Path) -> bool:
    """Whether the worker that wrote the file is gone: its lock ends with it."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def clear_abandoned(*, older_than_seconds: float, now: float) -> int:
    """Delete journals whose worker is gone and whose batches have long been recovered."""
    removed = 0
    for path in folder().glob("*.journal"):
        if _is_abandoned(path) and now - path.stat().st_mtime > older_than_seconds:
            path.unlink(missing_ok=True)
            removed += 1
    return removed
