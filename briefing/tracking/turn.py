"""One turn of the fold, a statement for each step: the same words on both databases.

apply.fold calls the steps in their order, in one transaction. Each is told the reports it works on by
number, because what a statement finds by itself another worker may just have brought.
"""

from collections.abc import Collection
from datetime import date, datetime
from types import ModuleType
from typing import Any, NamedTuple

from django.db import connection

from briefing.dispatch import fate
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

# What is not folded yet has an index of its own, which is small however many reports were kept.
_OPEN = "id {among} AND folded_at IS NULL"
# Locked, so that nobody changes a report while it is counted.
_FIND = f"""
SELECT e.id, e.dispatch_id, d.outcome,
       e.dispatch_id IS NOT NULL AND e.subscriber_id IS NULL,
       e.dispatch_id IS NULL OR e.subscriber_id IS NULL OR e.received_at < %s
FROM briefing_event e
LEFT JOIN briefing_delivery d
     ON d.dispatch_id = e.dispatch_id AND d.subscriber_id = e.subscriber_id
WHERE e.{_OPEN}
{{lock}}
"""  # noqa: S608  our own condition
_VALUES = ", ".join(f"('{kind}', {bit})" for kind, bit in BITS.items())
_BITS = f"bits (kind, bit) AS (VALUES {_VALUES})"
_CLICK = f"kind = '{Kind.CLICKED}' AND by_person AND link IS NOT NULL"
_OF_DELIVERY = "d.dispatch_id = e.dispatch_id AND d.subscriber_id = e.subscriber_id"
# A delivery is counted once for each bit that is not on yet; a person's click on a link each time.
# Under its reader's domain where its dispatch has a lane for it, else with all the small ones.
_COUNT = f"""
WITH {_BITS},
lanes AS (
    SELECT DISTINCT dispatch_id, lane FROM briefing_batch WHERE dispatch_id {{among}}
),
news AS (
    SELECT e.dispatch_id, e.subscriber_id, bits.bit AS kind, -1 AS link, MIN(e.at) AS at
    FROM briefing_event e
    JOIN bits ON bits.kind = e.kind
    JOIN briefing_delivery d ON {_OF_DELIVERY}
    WHERE e.{_OPEN} AND e.by_person IS NOT FALSE AND d.fate & bits.bit = 0
    GROUP BY e.dispatch_id, e.subscriber_id, bits.bit
    UNION ALL
    SELECT dispatch_id, subscriber_id, {fate.CLICKED}, link, at
    FROM briefing_event
    WHERE {_OPEN} AND {_CLICK}
)
SELECT news.dispatch_id, COALESCE(lanes.lane, ''), news.kind, news.link, {{hour}}, COUNT(*)
FROM news
JOIN briefing_dispatch begun ON begun.id = news.dispatch_id
LEFT JOIN subscribers_subscriber s ON s.id = news.subscriber_id
LEFT JOIN lanes ON lanes.dispatch_id = news.dispatch_id AND lanes.lane = s.domain
GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608  our own tables of kinds and bits
_FIRST_CLICKS = f"""
SELECT e.dispatch_id, e.subscriber_id, {{month}}
FROM briefing_event e
JOIN briefing_delivery d ON {_OF_DELIVERY}
WHERE e.{_OPEN} AND e.kind = '{Kind.CLICKED}' AND e.by_person IS NOT FALSE
  AND d.fate & {fate.CLICKED} = 0
GROUP BY e.dispatch_id, e.subscriber_id
"""  # noqa: S608  our own word and bit
# Each bit is a power of two, so the sum of different ones is all of them together.
_SWITCH_ON = f"""
WITH {_BITS},
heard AS (
    SELECT e.dispatch_id, e.subscriber_id, SUM(DISTINCT bits.bit) AS fate
    FROM briefing_event e
    JOIN bits ON bits.kind = e.kind
    WHERE e.{_OPEN} AND e.by_person IS NOT FALSE
    GROUP BY e.dispatch_id, e.subscriber_id
)
UPDATE briefing_delivery
SET fate = briefing_delivery.fate | heard.fate
FROM heard
WHERE briefing_delivery.dispatch_id = heard.dispatch_id
  AND briefing_delivery.subscriber_id = heard.subscriber_id
  AND briefing_delivery.fate & heard.fate <> heard.fate
"""  # noqa: S608  our own tables of kinds and bits
_OF_UNKNOWN = f"""
SELECT DISTINCT dispatch_id, subscriber_id, kind FROM briefing_event
WHERE {_OPEN} AND kind <> '{Kind.OTHER}'
"""  # noqa: S608  our own word
_MARK = f"UPDATE briefing_event SET folded_at = %s WHERE {_OPEN}"  # noqa: S608  as above
_POSTPONE = f"UPDATE briefing_event SET due_at = %s WHERE {_OPEN}"  # noqa: S608  as above


class Found(NamedTuple):
    """A report to be folded, and the outcome of its delivery, where there is one.

    `of_nobody`: it is of an issue, and nobody asked whose copy. `alone`: there is no delivery to fold
    it into, or will be none any more.
    """

    pk: int
    dispatch_id: int | None
    outcome: int | None
    of_nobody: bool
    alone: bool


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


def find(ids: Collection[int], *, too_old: datetime) -> list[Found]:
    """Lock those of these reports that nobody has folded meanwhile, and look for their deliveries.

    Folds take turns: what one finds new, no other may count before its commit.
    """
    dialect().take_turn()
    return list(map(Found._make, _run(_FIND, _time(too_old), ids)))


def count(reports: Collection[Found]) -> list[News]:
    """Return what is new in these reports, added up, before switch_on makes it old."""
    ids = [report.pk for report in reports]
    dispatches = {report.dispatch_id for report in reports if report.dispatch_id}
    return list(map(News._make, _run(_COUNT, dispatches, ids, ids)))


def first_clicks(ids: Collection[int]) -> list[tuple[int, int, date]]:
    """Return dispatch, reader and month of the deliveries clicked for the first time."""
    return [
        (dispatch, reader, date.fromisoformat(month))
        for dispatch, reader, month in _run(_FIRST_CLICKS, ids)
    ]


def switch_on(ids: Collection[int]) -> None:
    """Switch on the bits of these reports' deliveries."""
    _run(_SWITCH_ON, ids)


def kinds(ids: Collection[int]) -> list[tuple[int, int, str]]:
    """Return dispatch, reader and kind of these reports."""
    return [(dispatch, reader, kind) for dispatch, reader, kind in _run(_OF_UNKNOWN, ids)]


def mark(ids: Collection[int], *, now: datetime) -> None:
    """Say that these reports are folded."""
    _run(_MARK, _time(now), ids)


def postpone(ids: Collection[int], *, until: datetime) -> None:
    """Look at these reports again later."""
    _run(_POSTPONE, _time(until), ids)


def _run(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Run one statement, its sets of ids as this database takes them; return its rows, if any."""
    made = dialect()
    told = [each if isinstance(each, (str, datetime)) else made.ids(each) for each in parameters]
    if made.NOTHING in told:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement.format_map(_words(made)), told)
        return cursor.fetchall() if cursor.description else []


def _words(made: ModuleType) -> dict[str, str]:
    """Return what the statements leave to this database."""
    start = "COALESCE(begun.started_at, begun.created_at)"
    return {
        "among": made.AMONG,
        "lock": made.LOCK,
        "hour": made.HOUR.format(at="news.at", start=start),
        "month": made.MONTH.format(at="MIN(e.at)"),
    }


def _time(value: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(value)
