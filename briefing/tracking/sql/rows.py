"""The rows that travel between the fold and the database's own statements."""

from datetime import datetime
from typing import Any, NamedTuple


class Row(NamedTuple):
    """One report to be written; the columns in the order of the statement."""

    dispatch_id: int | None
    subscriber_id: int | None
    digest: int
    provider: str
    kind: str
    at: datetime
    code: str
    link: int | None
    by_person: bool | None
    payload: dict[str, Any]


COLUMNS = ", ".join((*Row._fields, "received_at"))
