"""How far this copy's database ever was, kept in a file outside of it.

A database that knows less than this file was restored from a backup. Each claim and each sign of
life raises the mark; nothing lowers it. Pure: knows no table.
"""

import fcntl
import os
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

# The highest fence, and the last sign of life in microseconds since 1970.
_MARK = struct.Struct("<qq")


@dataclass(frozen=True, slots=True)
class Mark:
    """The highest fence and the last sign of life that this copy's database ever had."""

    number: int
    at: datetime | None


def read() -> Mark:
    """Return the mark; all is nought where there is none yet."""
    try:
        content = _path().read_bytes()
    except OSError:
        content = b""
    return _parse(content)


def raise_to(number: int, at: datetime) -> None:
    """Raise the mark; workers that do so at once leave the higher of the two."""
    # Not replaced but written over: sixteen bytes inside one page are never torn.
    file = os.open(_path(), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        before = _parse(os.pread(file, _MARK.size, 0))
        if before.at is not None:
            at = max(at, before.at)
        content = _MARK.pack(max(number, before.number), int(at.timestamp() * 1_000_000))
        os.pwrite(file, content, 0)
    finally:
        os.close(file)


def _path() -> Path:
    return Path(settings.LOCAL_DIR) / "fence.mark"


def _parse(content: bytes) -> Mark:
    if len(content) != _MARK.size:
        return Mark(0, None)
    number, microseconds = _MARK.unpack(content)
    return Mark(number, datetime.fromtimestamp(microseconds / 1_000_000, UTC))
