"""The database going away in the midst of work, and coming back: a restart, a failover, a lock."""

import time

from django.db import InterfaceError, InternalError, OperationalError, connection

# What a lost connection, a server that shuts down, a deadlock and a transaction that was left alone
# for longer than a lease are raised as.
LOST = (OperationalError, InterfaceError, InternalError)

_PAUSE_SECONDS = 0.2


def is_over(*, until: float) -> bool:
    """Wait until the database answers on a new connection; False when it has not by `until`.

    `until` is on the monotonic clock.
    """
    while time.monotonic() < until:
        try:
            connection.close()
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except LOST:
            time.sleep(_PAUSE_SECONDS)  # a database that is away rings nobody
        else:
            return True
    return False
