"""One turn of the fold, a statement for each step: the same words on both databases.

apply.fold calls the steps in their order, in one transaction. `begin` takes the reports off the list
of what is not folded and lays them beside their deliveries in a table of the turn's own; the other
steps read that, and no report is looked up twice.
"""

from collections.abc import Collection
from datetime import date, datetime
from types import ModuleType
from typing import Any, NamedTuple

from django.db import connection

from briefing.dispatch import fate
from briefing.dispatch.outcome import UNKNOWN
from briefing.models import Event
from briefing.tracking.sql import dialect

Kind = Event.Kind

BITS = {
    Kind.DELIVERED: fate.DELIVERED,
    Kind.DEFERRED: fate.DEFERRED,
    Kind.SOFT_BOUNCED: fate.SOFT_BOUNCED,
    Kind.HARD_BOUNCED: fate.HARD_BOUNCED,
    Kind.BLOCKED: fate.BLOCKED,
    # Taken first and refused behind it: the receiving server never saw it.
    Kind.REJECTED: fate.BLOCKED,
    Kind.COMPLAINED: fate.COMPLAINED,
    Kind.UNSUBSCRIBED: fate.UNSUBSCRIBED,
    Kind.OPENED: fate.OPENED,
    Kind.CLICKED: fate.CLICKED,
}

# Whoever deletes the row folds its reports.
_TAKE = "DELETE FROM briefing_unfolded WHERE id {among} RETURNING events"
_KINDS = ", ".join(f"('{kind}', {bit})" for kind, bit in BITS.items())
# No words in it: what a turn needs of them is decided here. `heard` is all that is not a machine's;
# `counts` has a delivery or, of an issue, nobody's.
_LAY_OUT = f"""
CREATE TEMPORARY TABLE briefing_turn AS
WITH bits (kind, bit) AS (VALUES {_KINDS})
SELECT e.id, e.dispatch_id, e.subscriber_id, e.at, e.link, e.received_at,
       bits.bit,
       e.by_person IS NOT FALSE AS heard,
       e.kind = '{Kind.CLICKED}' AND e.by_person IS TRUE AND e.link IS NOT NULL AS on_link,
       e.kind = '{Kind.REJECTED}' AS rejected,
       d.outcome,
       d.fate
FROM briefing_event e
LEFT JOIN bits ON bits.kind = e.kind
{{delivery}}
WHERE e.id {{among}}
"""  # noqa: S608  our own table of kinds and bits
_EARLY = """
SELECT id FROM briefing_turn
WHERE outcome IS NULL AND subscriber_id IS NOT NULL AND dispatch_id IS NOT NULL AND received_at >= %s
"""
_NEW = "heard AND fate & bit = 0"
# A delivery is counted once for each bit that is not on yet, and once for any kind of bounce; a
# person's click on a link each time.
# Under its reader's domain where its dispatch has a lane for it, else with all the small ones.
_COUNT = f"""
WITH lanes AS (
    SELECT DISTINCT dispatch_id, lane FROM briefing_batch
    WHERE dispatch_id IN (SELECT DISTINCT dispatch_id FROM briefing_turn)
),
news AS (
    SELECT dispatch_id, subscriber_id, bit AS kind, -1 AS link, MIN(at) AS at
    FROM briefing_turn WHERE {_NEW}
    GROUP BY dispatch_id, subscriber_id, bit
    UNION ALL
    SELECT dispatch_id, subscriber_id, {fate.BOUNCED}, -1, MIN(at)
    FROM briefing_turn
    WHERE heard AND bit IN ({fate.SOFT_BOUNCED}, {fate.HARD_BOUNCED}) AND fate & {fate.BOUNCED} = 0
    GROUP BY dispatch_id, subscriber_id
    UNION ALL
    SELECT dispatch_id, subscriber_id, bit, link, at
    FROM briefing_turn WHERE on_link AND (outcome IS NOT NULL OR subscriber_id IS NULL)
)
SELECT news.dispatch_id, COALESCE(lanes.lane, ''), news.kind, news.link, {{hour}}, COUNT(*)
FROM (
    SELECT *, (SELECT domain FROM subscribers_subscriber WHERE id = subscriber_id) AS domain FROM news
) AS news
JOIN briefing_dispatch begun ON begun.id = news.dispatch_id
LEFT JOIN lanes ON lanes.dispatch_id = news.dispatch_id AND lanes.lane = news.domain
GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608  our own condition
_FIRST_CLICKS = f"""
SELECT dispatch_id, subscriber_id, {{month}}
FROM briefing_turn WHERE bit = {fate.CLICKED} AND {_NEW}
GROUP BY dispatch_id, subscriber_id
"""  # noqa: S608  our own bit and condition
_SWITCH_ON = f"""
WITH news AS (
    SELECT dispatch_id, subscriber_id, {{all_bits}} AS bits
    FROM briefing_turn WHERE {_NEW}
    GROUP BY dispatch_id, subscriber_id
)
UPDATE briefing_delivery
SET fate = briefing_delivery.fate | news.bits
FROM news
WHERE briefing_delivery.dispatch_id = news.dispatch_id
  AND briefing_delivery.subscriber_id = news.subscriber_id
"""  # noqa: S608  our own condition
_OF_UNKNOWN = f"""
SELECT DISTINCT dispatch_id, subscriber_id, rejected FROM briefing_turn
WHERE outcome = {UNKNOWN} AND bit IS NOT NULL
"""  # noqa: S608  our own number
_END = "DROP TABLE briefing_turn"


class News(NamedTuple):
    """How many deliveries were heard of in a new way; with a `link`, how many people's clicks on it.

    `hour` is the number of full hours since the dispatch's start.
    """

    dispatch_id: int
    domain: str
    kind: int
    link: int
    hour: int
    number: int


def begin(posts: Collection[int]) -> None:
    """Take those of these rows of the list that nobody has folded meanwhile.

    Folds take turns: what one finds new, no other may count before its commit.
    """
    made = dialect()
    made.take_turn()
    taken = _run(_TAKE, made.numbers(",".join(map(str, posts))))
    _run(_LAY_OUT, made.numbers(",".join(events for (events,) in taken)))


def early(*, too_old: datetime) -> list[int]:
    """Return the reports whose deliveries are not there, but for those that came too long ago."""
    return [pk for (pk,) in _run(_EARLY, connection.ops.adapt_datetimefield_value(too_old))]


def count() -> list[News]:
    """Return what is new in these reports, added up, before switch_on makes it old."""
    return list(map(News._make, _run(_COUNT)))


def first_clicks() -> list[tuple[int, int, date]]:
    """Return dispatch, reader and month of the deliveries clicked for the first time."""
    return [
        (dispatch, reader, date.fromisoformat(month))
        for dispatch, reader, month in _run(_FIRST_CLICKS)
    ]


def switch_on() -> None:
    """Switch on the bits of these reports' deliveries."""
    _run(_SWITCH_ON)


def of_unknown() -> list[tuple[int, int, bool]]:
    """Return dispatch and reader of unknown deliveries that were heard of, and if as a refusal."""
    return [(dispatch, reader, bool(no)) for dispatch, reader, no in _run(_OF_UNKNOWN)]


def end() -> None:
    """Clear the turn's table away."""
    _run(_END)


def _run(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Run one statement in this database's words; return its rows, if any."""
    with connection.cursor() as cursor:
        cursor.execute(statement.format_map(_words(dialect())), parameters)
        return cursor.fetchall() if cursor.description else []


def _words(made: ModuleType) -> dict[str, str]:
    """Return what the statements leave to this database."""
    start = "COALESCE(begun.started_at, begun.created_at)"
    return {
        "among": made.AMONG,
        "delivery": made.DELIVERY,
        "all_bits": made.ALL_BITS.format(bit="bit"),
        "hour": made.HOUR.format(at="news.at", start=start),
        "month": made.MONTH.format(at="MIN(at)"),
    }
