"""The engine's time: the database's, so that a host whose clock is wrong harms nobody."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from django.db import connection
from django.utils import timezone


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
        """Ask the database once."""
        return cls(database_now(), time.monotonic())

    def now(self) -> datetime:
        """Return the time without asking again."""
        return self._read_at + timedelta(seconds=time.monotonic() - self._monotonic)
