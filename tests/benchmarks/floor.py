"""The least that rows can cost: a dispatch's own deliveries, written at once into a bare table.

No claims, no intents, no locks, nobody asked whether they withdrew: what the engine costs a row is
read as a ratio to this, on any machine.
"""

import time
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from briefing.dispatch.sql.rows import INSERT_RESULT, RESULT_COLUMNS
from briefing.models import Dispatch

_REAL, _BARE = "briefing_delivery", "bare_delivery"
_MADE_OF = "SELECT sql FROM sqlite_master WHERE tbl_name = %s AND sql IS NOT NULL ORDER BY rowid"


def floor(_number: int) -> dict[str, Any]:
    """Return what each of the latest dispatch's rows costs in a table with the same indexes.

    Earlier dispatches' rows stay there, as they do in the real one.
    """
    _make()
    write = _copy if connection.vendor == "postgresql" else _insert
    latest = Dispatch.objects.latest("pk").pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {RESULT_COLUMNS} FROM {_REAL} WHERE dispatch_id = %s ORDER BY subscriber_id",
            [latest],
        )
        rows = cursor.fetchall()
    return {"us_each": write(rows) / len(rows) * 1e6}


def _make() -> None:
    """Make the bare table, unless it is there from an earlier run."""
    if _BARE in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"CREATE TABLE {_BARE} (LIKE {_REAL} INCLUDING ALL)")
            return
        cursor.execute(_MADE_OF, [_REAL])
        for (statement,) in cursor.fetchall():
            cursor.execute(statement.replace(_REAL, _BARE).replace('"delivery_', '"bare_'))


def _copy(rows: Sequence[tuple[Any, ...]]) -> float:
    """Write rows by one COPY, whose text is made beforehand; return the seconds."""
    lines = ["\t".join("\\N" if value is None else str(value) for value in row) for row in rows]
    text = "\n".join([*lines, ""])
    begun = time.monotonic()
    with (
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy(f"COPY {_BARE} ({RESULT_COLUMNS}) FROM STDIN") as copying,
    ):
        copying.write(text)
    # As soon as the block is left it is on the disk.
    return time.monotonic() - begun


def _insert(rows: Sequence[tuple[Any, ...]]) -> float:
    """Write rows by one executemany; return the seconds."""
    statement = INSERT_RESULT.replace(_REAL, _BARE).replace(", 0,", ", %s,")
    begun = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(statement, rows)
    return time.monotonic() - begun
