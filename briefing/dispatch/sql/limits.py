"""Whether a limit stands in an account's way, in one statement: the same words on both databases.

It runs once for every group; built by the ORM it would cost as much as ten messages.
"""

from datetime import datetime

from briefing.dispatch.sql import statements

_STAND = """
SELECT COUNT(*) FROM briefing_bucket
WHERE account = %s AND lane IN ('', %s) AND (free_at > %s OR slowdown > 1)
"""


def stand(account: str, lane: str, *, now: datetime) -> bool:
    """Whether the account or the lane has to wait at present, or is slowed."""
    return bool(statements.rows(_STAND, [account, lane, statements.moment(now)])[0][0])
