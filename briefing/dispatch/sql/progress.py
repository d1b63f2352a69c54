"""A batch's progress in one statement each: the same words on both databases.

They run once for every group; built by the ORM they would cost as much as the rows.
"""

from collections.abc import Mapping
from datetime import datetime

from briefing.dispatch.outcome import COUNTERS, QUARANTINED, SKIPPED
from briefing.dispatch.sql import statements

_COMMIT = """
UPDATE briefing_batch
SET intent_upto = %s, lease_until = %s, skipped = skipped + %s, quarantined = quarantined + %s
WHERE id = %s AND fence = %s AND state = 'claimed'
"""
_ADDED = ", ".join(f"{name} = {name} + %s" for name in COUNTERS.values())
# Counting is everybody's; only the fence's owner moves the progress.
_RECORD = f"""
UPDATE briefing_batch
SET {_ADDED},
    counted_at = CURRENT_TIMESTAMP,
    done_upto = CASE WHEN fence = %s AND done_upto < %s THEN %s ELSE done_upto END,
    intent_upto = CASE WHEN fence = %s THEN %s ELSE intent_upto END,
    state = CASE WHEN fence = %s AND size <= %s THEN 'done' ELSE state END,
    lease_until = CASE WHEN fence = %s AND size <= %s THEN NULL ELSE lease_until END
WHERE id = %s
"""  # noqa: S608  constant column names


def commit_intent(
    batch_id: int, fence: int, *, upto: int, lease_until: datetime, counts: Mapping[int, int]
) -> bool:
    """Move a batch's intent if the fence still holds; returns whether it does."""
    left_out = (counts.get(SKIPPED, 0), counts.get(QUARANTINED, 0))
    return bool(
        statements.changes(
            _COMMIT, [upto, statements.moment(lease_until), *left_out, batch_id, fence]
        )
    )


def record(
    batch_id: int, fence: int, *, done_upto: int, intent_upto: int, counts: Mapping[int, int]
) -> None:
    """Add to a batch's counters, and move its progress where the fence still holds."""
    statements.changes(
        _RECORD,
        [
            *(counts.get(outcome, 0) for outcome in COUNTERS),
            *(fence, done_upto, done_upto),
            *(fence, intent_upto),
            *(fence, done_upto),
            *(fence, done_upto),
            batch_id,
        ],
    )
