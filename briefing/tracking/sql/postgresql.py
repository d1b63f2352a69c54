"""The fold's own statements for PostgreSQL: a post as a few arrays, and an array of ids."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from briefing.tracking.sql.rows import COLUMNS, Row

# A condition on a column; its parameter is made by `numbers`. Put together by the database, the planner
# would not know how many they are.
AMONG = "= ANY (%s::bigint[])"
# Looked up one by one, whatever the planner would rather do: for five thousand reports it would read
# a table of a million deliveries to its end, each time.
DELIVERY = """LEFT JOIN LATERAL (
    SELECT outcome, fate FROM briefing_delivery
    WHERE dispatch_id = e.dispatch_id AND subscriber_id = e.subscriber_id LIMIT 1
) AS d ON TRUE"""
HOUR = "floor(extract(epoch FROM {at} - {start}) / 3600)::int"
MONTH = "to_char({at} AT TIME ZONE 'UTC', 'YYYY-MM-01')"
ALL_BITS = "BIT_OR({bit})"
# Any number will do; it stands for the fold in this database, and for nothing else.
_TURN = 0x666F6C64

_TYPES = "bigint bigint bigint text text timestamptz text int bool".split()
_ARRAYS = ", ".join(f"%s::{each}[]" for each in _TYPES)
_INSERT = f"""
WITH kept AS (
    INSERT INTO briefing_event ({COLUMNS})
    SELECT told.*, %s FROM ROWS FROM (unnest({_ARRAYS}), jsonb_array_elements(%s::jsonb)) AS told
    ON CONFLICT DO NOTHING
    RETURNING id
)
INSERT INTO briefing_unfolded (due_at, events, size)
SELECT %s, string_agg(id::text, ','), COUNT(*) FROM kept HAVING COUNT(*) > 0
"""  # noqa: S608  constant column names and types
_encode = json.JSONEncoder(default=str).encode


def numbers(listed: str) -> str:
    """Return numbers with commas between as the parameter of AMONG."""
    return f"{{{listed}}}"


def take_turn() -> None:
    """Wait until no other fold is in a transaction: one lock instead of one for each delivery."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])


def insert(rows: Sequence[Row], *, now: datetime, due_at: datetime) -> None:
    """Insert reports, those that are there already left out, and the row that says they are new."""
    *plain, payloads = zip(*rows, strict=True)
    told = [write(column) for write, column in zip(_WRITERS, plain, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [now, *told, _encode(payloads), due_at])


# Each column becomes one text: the client would quote values one by one, and take twice as long.


def _numbers(values: Iterable[int | bool | None]) -> str:
    return f"{{{','.join(map(str, values))}}}".replace("None", "NULL")


def _times(values: Iterable[datetime]) -> str:
    return f"{{{','.join([value.isoformat() for value in values])}}}"


def _texts(values: Iterable[str]) -> str:
    # No text has a NUL in it, so it can stand between them until the others are told apart.
    joined = "\0".join(values).replace("\\", "\\\\").replace('"', '\\"')
    return f'{{"{joined}"}}'.replace("\0", '","')


# As the columns of a row follow each other.
_WRITERS: tuple[Callable[[Any], str], ...] = (
    *(_numbers, _numbers, _numbers),
    *(_texts, _texts),
    _times,
    _texts,
    *(_numbers, _numbers),
)
