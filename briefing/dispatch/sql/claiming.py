"""Taking a batch, in plain statements: the same words on both databases, but for PostgreSQL's locks."""

from datetime import datetime
from typing import NamedTuple

from django.db import connection

from briefing.dispatch.sql.statements import changes, moment, rows

_DUE = """
(state = 'pending' AND not_before <= %s OR state = 'claimed' AND lease_until < %s)
"""
_CHOOSE = f"""
SELECT id FROM briefing_batch WHERE dispatch_id = %s AND {_DUE} ORDER BY not_before, id LIMIT 1
"""  # noqa: S608  constant words
_BEFORE = """
SELECT variant_id, lane, readers, intent_upto, deaths, claims + 1, fence, lease_until IS NOT NULL
FROM briefing_batch WHERE id = %s
"""
_TAKE = f"""
UPDATE briefing_batch SET state = 'claimed', fence = %s, lease_until = %s, claims = claims + 1
WHERE id = %s AND {_DUE}
"""  # noqa: S608  constant words
_DRAW = """
UPDATE briefing_fence SET number = number + 1, heartbeat_at =
    CASE WHEN heartbeat_at > %s THEN heartbeat_at ELSE %s END
WHERE id = 1
"""


class Taken(NamedTuple):
    """A batch as it was before it was claimed, but for the number of claims."""

    variant_id: int
    lane: str
    readers: bytes
    intent_upto: int
    deaths: int
    claims: int
    fence: int
    was_held: bool


def choose(dispatch_id: int, *, now: datetime) -> int | None:
    """Choose a batch to try for; one that another worker is about to take is passed over."""
    locking = " FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    found = rows(_CHOOSE + locking, [dispatch_id, moment(now), moment(now)])
    return found[0][0] if found else None


def take(batch_id: int, *, fence: int, lease_until: datetime, now: datetime) -> Taken | None:
    """Claim a batch if it is still due."""
    locking = " FOR UPDATE" if connection.vendor == "postgresql" else ""
    before = rows(_BEFORE + locking, [batch_id])
    due = (moment(now), moment(now))
    if not changes(_TAKE, [fence, moment(lease_until), batch_id, *due]):
        return None
    return Taken(*before[0])


def next_fence(*, now: datetime) -> int | None:
    """Draw the next fence, and give a sign of life; None before the first of all."""
    if not changes(_DRAW, [moment(now), moment(now)]):
        return None
    return int(rows("SELECT number FROM briefing_fence WHERE id = 1", [])[0][0])
