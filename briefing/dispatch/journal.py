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
import uuid
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from briefing.transports.base import Copy

# The form of the file, which `notes` reads.
MAGIC = b"BRIEFJ06"
HEADER = struct.Struct("<8s36sqq")  # magic, boot, batch held, its fence
SLOT = struct.Struct("<qqiid")  # batch, fence, first position, count, deadline
SLOTS = 8
_MAX_COPIES = 1000
CALL = struct.Struct("<16s32sdd")  # the last call's key, its account, its life, when it left
IDS_AT = SLOT.size + _MAX_COPIES
CALL_AT = IDS_AT + 8 * _MAX_COPIES
SLOT_BYTES = CALL_AT + CALL.size
BYTES = HEADER.size + SLOTS * SLOT_BYTES
# Where the notes of each slot's copies begin.
_MARKS = tuple(HEADER.size + slot * SLOT_BYTES + SLOT.size for slot in range(SLOTS))

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
        self._file.truncate(BYTES)
        self._map = mmap.mmap(self._file.fileno(), BYTES)
        self._free = list(range(SLOTS))
        self._boot = boot_id()
        self.hold(batch_id=0, fence=0)

    def hold(self, *, batch_id: int, fence: int) -> None:
        """Note which batch was claimed: its silence then means that nothing of it was in flight."""
        HEADER.pack_into(self._map, 0, MAGIC, self._boot, batch_id, fence)

    def begin(
        self, *, batch_id: int, fence: int, first: int, count: int, deadline: float = 0.0
    ) -> int:
        """Reserve a slot for a group of a batch before its intent; returns the slot's number.

        Nothing of it is started from `deadline` on, by the monotonic clock, which all processes of a
        host share.
        """
        slot = self._free.pop()
        at = HEADER.size + slot * SLOT_BYTES
        self._map[at + SLOT.size : at + IDS_AT] = bytes(_MAX_COPIES)
        self._map[at + CALL_AT : at + SLOT_BYTES] = bytes(CALL.size)
        SLOT.pack_into(self._map, at, batch_id, fence, first, count, deadline)
        return slot

    def begin_retry(self, *, dispatch_id: int, fence: int, readers: Sequence[int]) -> int:
        """Reserve a slot for deferred readers, who have no positions: their ids are noted."""
        slot = self.begin(batch_id=-dispatch_id, fence=fence, first=0, count=len(readers))
        at = HEADER.size + slot * SLOT_BYTES + IDS_AT
        struct.pack_into(f"<{len(readers)}q", self._map, at, *readers)
        return slot

    def mark(self, slot: int, index: int) -> int:
        """Return the place in the file where the copy at `index` of a slot is noted."""
        return _MARKS[slot] + index

    def splicing(self, slot: int, index: int) -> int:
        """Note whose copy is being built: a reader whose data kills the process is found by this.

        Returns the copy's mark.
        """
        mark = _MARKS[slot] + index
        self._map[mark] = SPLICING
        return mark

    def spliced(self, mark: int) -> None:
        """Note that the copy is built and waits."""
        self._map[mark] = WAITING

    def started(self, copy: Copy) -> None:
        """Note a copy before its first byte, and the call it leaves in where that has a name."""
        self._map[copy.mark] = STARTED
        if copy.call:
            name = copy.call
            slot = (copy.mark - HEADER.size) // SLOT_BYTES
            at = HEADER.size + slot * SLOT_BYTES + CALL_AT
            key, way = uuid.UUID(name.key).bytes, name.way.encode()
            CALL.pack_into(self._map, at, key, way, name.lives_seconds, name.left_at)

    def answered(self, copy: Copy) -> None:
        """Note a copy's definite outcome as soon as it is known."""
        if copy.outcome is not None:
            self._map[copy.mark] = ANSWERED + copy.outcome

    def end(self, slot: int) -> None:
        """Free a slot once its results are committed."""
        SLOT.pack_into(self._map, HEADER.size + slot * SLOT_BYTES, 0, 0, 0, 0, 0.0)
        self._free.append(slot)

    def close(self) -> None:
        """Remove the file: everything in it is in the database."""
        self.path.unlink(missing_ok=True)
        self.leave()

    def leave(self) -> None:
        """Let go of the file and leave it to the recovery: the database does not know it all."""
        self._map.close()
        self._file.close()
