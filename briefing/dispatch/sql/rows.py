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


RESULT_COLUMNS = (
    "dispatch_id, subscriber_id, address, at, outcome, fate, attempts, code, next_at, reference"
)
