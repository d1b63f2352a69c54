"""The fold's own statements for SQLite: one writer at a time, so BEGIN IMMEDIATE is the lock."""

import json
from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from briefing.tracking.sql.rows import COLUMNS, Row

# A condition on a column; its parameter is made by `numbers`.
AMONG = "IN (SELECT value FROM json_each(%s))"
DELIVERY = """LEFT JOIN briefing_delivery d
     ON d.dispatch_id = e.dispatch_id AND d.subscriber_id = e.subscriber_id"""
# A day's number has room for milliseconds; what is left of them would make 59:59 of an hour.
HOUR = "CAST(ROUND((julianday({at}) - julianday({start})) * 86400000) AS INTEGER) / 3600000"
MONTH = "strftime('%%Y-%%m-01', {at})"
# Each bit is a power of two, so the sum of different ones is all of them together.
ALL_BITS = "SUM(DISTINCT {bit})"

_INSERT = f"""
INSERT INTO briefing_event ({COLUMNS}) VALUES ({", ".join(["%s"] * 11)})
ON CONFLICT DO NOTHING
"""  # noqa: S608  constant column names
_LAST = "SELECT COALESCE(MAX(id), 0) FROM briefing_event"
_LIST = """
INSERT INTO briefing_unfolded (due_at, events, size)
SELECT %s, group_concat(id), COUNT(*) FROM briefing_event WHERE id > %s HAVING COUNT(*) > 0
"""
_encode = json.JSONEncoder(default=str).encode


def numbers(listed: str) -> str:
    """Return numbers with commas between as the parameter of AMONG."""
    return f"[{listed}]"


def take_turn() -> None:
    """Do nothing: a transaction has the database to itself from its beginning."""


def insert(rows: Sequence[Row], *, now: datetime, due_at: datetime) -> None:
    """Insert reports, those that are there already left out, and the row that says they are new."""
    adapt = connection.ops.adapt_datetimefield_value
    came = adapt(now)
    lines = [(*row[:5], adapt(row.at), *row[6:9], _encode(row.payload), came) for row in rows]
    # By itself each row would be a transaction, and each of them would wait for the disk.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LAST)
        (last,) = cursor.fetchone()
        cursor.executemany(_INSERT, lines)
        # Nobody else writes meanwhile, and numbers only grow.
        cursor.execute(_LIST, [adapt(due_at), last])
