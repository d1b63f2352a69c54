"""The engine's time: the database's, so that a host whose clock is wrong harms nobody."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from django.db import connection
from django.utils import timezone

# How old the database's answer may be; of the margin at the end of a lease this is a part.
_SURE_SECONDS = 0.2
_ASKED_AT_MOST = 3


def database_now() -> datetime:
    """Return the database's time. SQLite has no clock but the host's."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


@dataclass(frozen=True, slots=True)
class Clock:
    """The database's time, carried on by the monotonic clock: it cannot jump in mid-drain."""

    _read_at: datetime
    _monotonic: float

    @classmethod
    def read(cls) -> Self:
        """Ask the database; again, a few times, where nobody knows when its answer was true.

        A worker that was stopped while it asked would be behind all others by that time: its leases
        would be over before it thinks so.
        """
        for _ in range(_ASKED_AT_MOST):
            asked_at = time.monotonic()
            read = cls(database_now(), time.monotonic())
            if read._monotonic - asked_at <= _SURE_SECONDS:
                break
        return read

    def now(self) -> datetime:
        """Return the time without asking again."""
        return self._read_at + timedelta(seconds=time.monotonic() - self._monotonic)
