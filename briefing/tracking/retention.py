"""Forgets who did what once it has been counted: what stays are numbers, and each delivery's fate.

Before it: apply.fold. An event tells that a reader opened, clicked or complained, and when; nothing
reads that but a reader's timeline and the suppression rules, which look at the last weeks. Sessions
of staff go once they are over, with the address and browser that they were opened from.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from briefing.models import Burst, ClickMonth, Event
from briefing.tracking.rows import waiting
from subscribers.models import Newsletter
from subscribers.retention import Rule

# Providers repeat a report for days, and a person decides about a burst of bounces within weeks.
KEPT_FOR = timedelta(days=90)
# Clicks of nobody in particular tell nothing once they are counted.
NAMELESS_KEPT_FOR = timedelta(days=1)
# Whoever touches the desk in this time begins it anew.
SESSIONS_KEPT_FOR = timedelta(seconds=settings.SESSION_COOKIE_AGE)
TASK = "briefing.tasks.forget"
_SLICE = 5000
# What a run does at most: the next one goes on.
_SLICES = 100


def forget(*, now: datetime) -> dict[str, int]:
    """Delete what has been kept long enough; return how many rows of what. Safe to run twice."""
    months = ClickMonth.objects.filter(month__lt=_month(now - KEPT_FOR))
    return {
        "events": _old_events(now=now),
        "nameless_clicks": _nameless(now=now),
        "click_months": months.delete()[0],
        "sessions": _over_sessions(now=now),
    }


def _old_events(*, now: datetime) -> int:
    """Walk from the oldest row on, because ids are in the order of coming, and stop at a young one."""
    undecided = list(Burst.objects.filter(decision="open").values_list("pk", flat=True))
    total = after = 0
    for _slice in range(_SLICES):
        some = Event.objects.filter(pk__gt=after).order_by("pk")[:_SLICE]
        rows = list(some.values_list("pk", "received_at", "dispatch_id"))
        if not rows:
            break
        after = rows[-1][0]
        over = [row for row in rows if row[1] < now - KEPT_FOR]
        total += _delete([pk for pk, _at, dispatch in over if dispatch not in undecided])
        if not over:
            break
    return total


def _nameless(*, now: datetime) -> int:
    rows: QuerySet[Event] = Event.objects.filter(
        subscriber_id=None,
        kind=Event.Kind.CLICKED,
        received_at__lt=now - NAMELESS_KEPT_FOR,
    )
    total = 0
    for _slice in range(_SLICES):
        ids = list(rows.values_list("pk", flat=True)[:_SLICE])
        deleted = _delete(ids)
        total += deleted
        if deleted < _SLICE:
            break
    return total


def _over_sessions(*, now: datetime) -> int:
    deleted = Session.objects.filter(expire_date__lt=now).delete()[0]
    living = Session.objects.values("session_key")
    UserSession.objects.exclude(session_key__in=living).delete()
    return deleted


def _delete(ids: Collection[int]) -> int:
    """Delete those of these events that were counted."""
    unfolded = waiting() if ids else {}
    folded = [pk for pk in ids if pk not in unfolded]
    return Event.objects.filter(pk__in=folded).delete()[0] if folded else 0


def _month(at: datetime) -> date:
    return at.astimezone(UTC).date().replace(day=1)


def _oldest_event() -> datetime | None:
    return Event.objects.order_by("pk").values_list("received_at", flat=True).first()


def _oldest_nameless() -> datetime | None:
    rows = Event.objects.filter(subscriber_id=None, kind=Event.Kind.CLICKED)
    return rows.order_by("received_at").values_list("received_at", flat=True).first()


def _oldest_session() -> datetime | None:
    ends = Session.objects.order_by("expire_date").values_list("expire_date", flat=True).first()
    return ends - SESSIONS_KEPT_FOR if ends else None


def _oldest_month() -> datetime | None:
    """Return when the oldest month ended: its rows go when that is long enough ago."""
    months = [
        ClickMonth.objects.filter(newsletter_id=pk)
        .order_by("month")
        .values_list("month", flat=True)[:1]
        for pk in Newsletter.objects.values_list("pk", flat=True)
    ]
    oldest = min((month for found in months for month in found), default=None)
    if oldest is None:
        return None
    after = (oldest.replace(day=28) + timedelta(days=4)).replace(day=1)
    return datetime(after.year, after.month, 1, tzinfo=UTC)


RULES = (
    Rule(
        "events",
        _("What was reported of a reader’s mail: delivered, bounced, opened, clicked"),
        KEPT_FOR,
        _oldest_event,
        TASK,
    ),
    Rule(
        "nameless_clicks",
        _("Clicks of nobody in particular"),
        NAMELESS_KEPT_FOR,
        _oldest_nameless,
        TASK,
    ),
    Rule("click_months", _("That a reader clicked in a month"), KEPT_FOR, _oldest_month, TASK),
    Rule(
        "sessions",
        _("Sessions of staff, with address and browser"),
        SESSIONS_KEPT_FOR,
        _oldest_session,
        TASK,
    ),
)
