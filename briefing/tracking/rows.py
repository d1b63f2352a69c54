"""Reports as rows, in bulk: by the ORM each would cost more than everything that is done with it.

record.keep writes through here, apply.fold reads through here. What is not folded yet is listed by
posts, in a small table: a report's own row is written once.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from briefing.models import Event, Unfolded
from briefing.tracking.sql import dialect
from briefing.tracking.sql.rows import Row

# No post has less than one report, so no more rows are looked at than reports are wanted.
_DUE = """
SELECT id, events, size
FROM (
    SELECT id, events, size, SUM(size) OVER (ORDER BY due_at, id) - size AS before
    FROM (
        SELECT id, events, size, due_at FROM briefing_unfolded
        WHERE due_at <= %s ORDER BY due_at, id LIMIT %s
    ) AS oldest
) AS added
WHERE before < %s
ORDER BY before, id
"""


class Post(NamedTuple):
    """One row of the list: reports that came together. `events` has their numbers, commas between."""

    pk: int
    events: str
    size: int


class Told(NamedTuple):
    """What a report's consequences are drawn from; the payload stays where it is."""

    provider: str
    kind: str
    dispatch_id: int | None
    subscriber_id: int | None
    code: str


def write(rows: Iterable[Row], *, now: datetime, due_at: datetime) -> None:
    """Insert reports that are not there yet, in one order, so that two posts never block crosswise."""
    ordered = sorted(rows, key=lambda row: (row[0] or 0, row[1] or 0, row[2]))
    if ordered:
        dialect().insert(ordered, now=now, due_at=due_at)


def wait(events: Collection[int], *, until: datetime) -> None:
    """Put reports back on the list."""
    if events:
        Unfolded.objects.create(due_at=until, events=",".join(map(str, events)), size=len(events))


def waiting() -> set[int]:
    """Return the reports that are not folded yet."""
    rows = Unfolded.objects.values_list("events", flat=True)
    return {int(event) for events in rows for event in events.split(",")}


def due(*, now: datetime, at_least: int) -> list[Post]:
    """Return the posts that are due, oldest first, until they are so many reports; nothing is locked."""
    with connection.cursor() as cursor:
        until = connection.ops.adapt_datetimefield_value(now)
        cursor.execute(_DUE, [until, at_least, at_least])
        return list(map(Post._make, cursor.fetchall()))


def judge_machines(events: Collection[int], *, now: datetime) -> None:
    """Call those of these fresh clicks a machine's that are not folded yet; of others it is too late.

    Each has a row of the list to itself, due later. One that a fold is just taking is one of the others:
    waiting for it could only block crosswise.
    """
    listed = Unfolded.objects.filter(due_at__gt=now, events__in=list(map(str, events)))
    with transaction.atomic():
        rows = listed.select_for_update(skip_locked=True)
        mine = list(map(int, rows.values_list("events", flat=True)))
        Event.objects.filter(pk__in=mine).update(by_person=False)


def told(posts: Sequence[Post], kinds: Collection[str]) -> list[Told]:
    """Return those of these reports that are of certain kinds, in the order they came."""
    names, marks = ", ".join(Told._fields), ", ".join(["%s"] * len(kinds))
    events = dialect().numbers(",".join(post.events for post in posts))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {names} FROM briefing_event "  # noqa: S608  constant column names
            f"WHERE id {dialect().AMONG} AND kind IN ({marks}) ORDER BY id",
            [events, *kinds],
        )
        return list(map(Told._make, cursor.fetchall()))
