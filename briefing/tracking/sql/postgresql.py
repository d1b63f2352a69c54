"""The fold's own statements for PostgreSQL: a post as one JSON value, arrays of ids, row locks."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection

from briefing.tracking.sql.rows import COLUMNS, Row

# The ids of a turn, as a condition on a column.
AMONG = "= ANY (%s::bigint[])"
NOTHING = "{}"
LOCK = "FOR UPDATE OF e"
HOUR = "floor(extract(epoch FROM {at} - {start}) / 3600)::int"
MONTH = "to_char({at} AT TIME ZONE 'UTC', 'YYYY-MM-01')"
# Any number will do; it stands for the fold in this database, and for nothing else.
_TURN = 0x666F6C64

# JSON is written and read in C on both sides; arrays are quoted word by word by the client.
_INSERT = f"""
INSERT INTO briefing_event ({COLUMNS})
SELECT told.*, %s, %s
FROM json_to_recordset(%s) AS told (
    provider text, key text, kind text, dispatch_id bigint, subscriber_id bigint, at timestamptz,
    code text, link int, by_person bool, payload jsonb
)
ON CONFLICT (provider, key) DO NOTHING
"""  # noqa: S608  constant column names


def ids(values: Iterable[int]) -> str:
    """Return ids as the parameter of AMONG."""
    return f"{{{','.join(map(str, values))}}}"


def take_turn() -> None:
    """Wait until no other fold is in a transaction: one lock instead of one for each delivery."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])


def insert(rows: Sequence[Row], *, now: datetime) -> None:
    """Insert reports, those that are there already left out."""
    told = json.dumps([row._asdict() for row in rows], default=str)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [now, now, told])
