"""The fold's own statements for SQLite: one writer at a time, so BEGIN IMMEDIATE is the lock."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection, transaction

from briefing.tracking.sql.rows import COLUMNS, Row

# The ids of a turn, as a condition on a column.
AMONG = "IN (SELECT value FROM json_each(%s))"
NOTHING = "[]"
LOCK = ""
# A day's number has room for milliseconds; what is left of them would make 59:59 of an hour.
HOUR = "CAST(ROUND((julianday({at}) - julianday({start})) * 86400000) AS INTEGER) / 3600000"
MONTH = "strftime('%%Y-%%m-01', {at})"

_INSERT = f"""
INSERT INTO briefing_event ({COLUMNS}) VALUES ({", ".join(["%s"] * 12)})
ON CONFLICT (provider, key) DO NOTHING
"""  # noqa: S608  constant column names


def ids(values: Iterable[int]) -> str:
    """Return ids as the parameter of AMONG."""
    return json.dumps(list(values))


def take_turn() -> None:
    """Do nothing: a transaction has the database to itself from its beginning."""


def insert(rows: Sequence[Row], *, now: datetime) -> None:
    """Insert reports, those that are there already left out."""
    adapt = connection.ops.adapt_datetimefield_value
    came = adapt(now)
    lines = [
        (*row[:5], adapt(row.at), *row[6:9], json.dumps(row.payload, default=str), came, came)
        for row in rows
    ]
    # By itself each row would be a transaction, and each of them would wait for the disk.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(_INSERT, lines)
