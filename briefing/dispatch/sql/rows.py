"""The rows that travel between the engine and the database's own statements."""

from datetime import datetime
from typing import NamedTuple


class ReaderRow(NamedTuple):
    """What the intent reads of one reader, under the lock that orders it against a withdrawal.

    `withdrawn` is the reason to skip the reader, or empty.
    """

    subscriber_id: int
    withdrawn: str
    address: str
    domain: str
    name: str
    address_hash: bytes
    locale: str
    format: str


class ResultRow(NamedTuple):
    """One delivery to be written; the columns in the order of the table's COPY."""

    dispatch_id: int
    subscriber_id: int
    address: int | None
    at: datetime
    outcome: int
    attempts: int
    code: str | None
    next_at: datetime | None
    reference: str | None


# The columns of ReaderRow; each database names the readers in its own way behind it.
READERS = """
SELECT p.id,
    CASE WHEN s.withheld <> '' THEN s.withheld WHEN s.state <> 'active' THEN s.state
        WHEN s.paused_until > %s THEN 'paused' ELSE '' END,
    p.address, p.domain, p.name, p.address_hash, p.locale, p.format
FROM subscribers_subscription s JOIN subscribers_subscriber p ON p.id = s.subscriber_id
WHERE s.newsletter_id = %s AND s.subscriber_id
"""

RESULT_COLUMNS = (
    "dispatch_id, subscriber_id, address, at, outcome, fate, attempts, code, next_at, reference"
)
INSERT_RESULT = f"""
INSERT INTO briefing_delivery ({RESULT_COLUMNS})
VALUES (%s, %s, %s, %s, %s, 0, %s, %s, %s, %s)
"""  # noqa: S608  constant column names
# Where a row stands already, a definite answer replaces an unknown, and nothing replaces anything else.
UPSERT_RESULT = f"""{INSERT_RESULT}
ON CONFLICT (dispatch_id, subscriber_id) DO UPDATE
SET outcome = excluded.outcome, code = excluded.code, next_at = excluded.next_at,
    reference = excluded.reference, attempts = excluded.attempts
WHERE briefing_delivery.outcome = 5 AND excluded.outcome IN (1, 3)
"""
