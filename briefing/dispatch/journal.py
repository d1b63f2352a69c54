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
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from briefing.transports.base import Copy

_MAGIC = b"BRIEFJ02"
_HEADER = struct.Struct("<8s36s")
_SLOT = struct.Struct("<qqii")  # batch, fence, first position, count
_SLOTS = 8
_MAX_COPIES = 1000
_SLOT_BYTES = _SLOT.size + _MAX_COPIES
_BYTES = _HEADER.size + _SLOTS * _SLOT_BYTES

# States of one copy. An answer is written as its outcome plus ANSWERED.
WAITING = 0
STARTED = 1
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
        _HEADER.pack_into(self._map, 0, _MAGIC, boot_id())

    def begin(self, *, batch_id: int, fence: int, first: int, count: int) -> int:
        """Reserve a slot for a group before its intent; returns the slot's number."""
        slot = self._free.pop()
        at = _HEADER.size + slot * _SLOT_BYTES
        self._map[at + _SLOT.size : at + _SLOT_BYTES] = bytes(_MAX_COPIES)
        _SLOT.pack_into(self._map, at, batch_id, fence, first, count)
        return slot

    def mark(self, slot: int, index: int) -> int:
        """Return the place in the file where the copy at `index` of a slot is noted."""
        return _HEADER.size + slot * _SLOT_BYTES + _SLOT.size + index

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
        self._map.close()
        self.path.unlink(missing_ok=True)
        self._file.close()


def read(*, batch_id: int, fence: int) -> dict[int, int] | None:
    """Return position -> state of a dead worker's group, or None when nobody here noted it.

    None means that nothing is known: every position must then count as possibly on the wire.
    """
    found: dict[int, int] | None = None
    for content in _contents():
        for slot in range(_SLOTS):
            at = _HEADER.size + slot * _SLOT_BYTES
            batch, its_fence, first, count = _SLOT.unpack_from(content, at)
            if (batch, its_fence) == (batch_id, fence) and count:
                states = content[at + _SLOT.size : at + _SLOT.size + count]
                found = (found or {}) | {first + i: state for i, state in enumerate(states)}
    return found


def _contents() -> Iterator[bytes]:
    today = boot_id()
    for path in folder().glob("*.journal"):
        try:
            content = path.read_bytes()
        except OSError:
            continue
        if len(content) == _BYTES and today and _HEADER.unpack_from(content, 0)[0] == _MAGIC:
            if _HEADER.unpack_from(content, 0)[1].rstrip(b"\0") == today:
                yield content


def clear_abandoned(*, older_than_seconds: float, now: float) -> int:
    """Delete journals whose worker is gone and whose batches have long been recovered."""
    removed = 0
    for path in folder().glob("*.journal"):
        try:
            with path.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if now - path.stat().st_mtime > older_than_seconds:
                    path.unlink()
                    removed += 1
        except OSError:
            continue
    return removed
