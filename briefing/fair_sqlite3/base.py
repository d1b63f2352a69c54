"""SQLite as Django speaks to it, but whoever wants to write waits in a queue.

SQLite itself lets who finds it locked sleep, longer each time, and look again; meanwhile a busy
process takes the lock over and over. Here processes queue at a file beside the database, where the
kernel wakes them, and only the foremost asks SQLite.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError
from django.db.backends.sqlite3 import base

from briefing.fair_sqlite3 import queue

# How often the foremost looks: nobody else does meanwhile.
_LOOKS_EVERY_MS = 1
# Who is ahead for longer than this may have been stopped, and would be for ever.
_QUEUES_SECONDS = 2.0


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose transactions begin in the order in which they were wanted.

    The lock is SQLite's own; the queue only says who may ask for it, and for two seconds at most: a
    process that is stopped while it is the foremost holds nobody up for longer. One that is stopped
    with SQLite's lock does, as it would without a queue. A statement outside of any transaction waits
    as SQLite does.
    """

    def _start_transaction_under_autocommit(self) -> None:
        """Begin, with the lock. Raises: OperationalError when somebody keeps it beyond the timeout.

        The time in the queue counts: whoever waited that long asks once, and nobody waits for the sum.
        """
        ends_at = time.monotonic() + self._timeout_seconds
        with self._foremost():
            while True:
                try:
                    super()._start_transaction_under_autocommit()  # type: ignore[misc]  # no stub
                except OperationalError as error:
                    if not _is_busy(error) or time.monotonic() >= ends_at:
                        raise
                else:
                    return

    @property
    def _timeout_seconds(self) -> float:
        return float(self.settings_dict["OPTIONS"]["timeout"])

    @contextmanager
    def _foremost(self) -> Iterator[None]:
        """Wait until nobody is ahead."""
        # A file of its own: closing the database's would drop the locks that SQLite has on it.
        path = f"{self.settings_dict['NAME']}-queue"
        with queue.turn(path, seconds=min(_QUEUES_SECONDS, self._timeout_seconds)):
            self.connection.execute(f"PRAGMA busy_timeout={_LOOKS_EVERY_MS}")
            try:
                yield
            finally:
                self.connection.execute(f"PRAGMA busy_timeout={self._timeout_seconds * 1000:.0f}")


def _is_busy(error: OperationalError) -> bool:
    cause = error.__cause__
    return isinstance(cause, sqlite3.Error) and cause.sqlite_errorcode == sqlite3.SQLITE_BUSY
