"""The weekly draft: composed by itself from the week's articles, at the newsletter's own hour.

Before it: articles that no issue has carried. After it: a person, who checks it and sends it.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from briefing.issues import arranging, digest, lifecycle
from briefing.models import Issue, WeeklyDraft
from subscribers.models import Newsletter

_WEEK = timedelta(days=7)


def compose_due(*, now: datetime) -> list[Issue]:
    """Compose the draft of each newsletter whose hour has come; return those that were made."""
    wanted = Newsletter.objects.exclude(draft_day=None).order_by("pk")
    made = [_compose(each.pk, now=now) for each in wanted if _is_due(each, now=now)]
    return [issue for issue in made if issue]


def last_hour(newsletter: Newsletter, *, now: datetime) -> datetime | None:
    """Return when its hour came last, in UTC; nothing before it was asked for.

    In the hour that clocks skip it is the hour after, in the one they repeat the first of both.
    """
    if newsletter.draft_day is None:
        return None
    zone = ZoneInfo(newsletter.time_zone)
    local = now.astimezone(zone)
    day = local.date() + timedelta(days=newsletter.draft_day - local.weekday())
    # Compared in UTC: two times of one zone are compared by the face of the clock.
    hours = [
        datetime.combine(each, newsletter.draft_at, zone).astimezone(UTC)
        for each in (day, day - _WEEK)
    ]
    came = max(hour for hour in hours if hour <= now)
    return None if newsletter.draft_since and came < newsletter.draft_since else came


def _is_due(newsletter: Newsletter, *, now: datetime) -> bool:
    came = last_hour(newsletter, now=now)
    if came is None:
        return False
    turns = WeeklyDraft.objects.filter(
        newsletter=newsletter, week=digest.number(newsletter, now=came)
    )
    return not turns.exists()


def _compose(newsletter_id: int, *, now: datetime) -> Issue | None:
    """Take the week's turn, and compose a draft if there is something to compose.

    A draft that stands already is where an editor would put the articles: nothing is added beside it.
    Safe to run twice and by two at once: the newsletter's row is locked and a week has one turn.
    """
    with transaction.atomic():
        newsletter = Newsletter.objects.select_for_update().get(pk=newsletter_id)
        came = last_hour(newsletter, now=now)
        if came is None:
            return None
        turn, is_ours = WeeklyDraft.objects.get_or_create(
            newsletter=newsletter, week=digest.number(newsletter, now=came), defaults={"at": now}
        )
        if not is_ours or _has_draft(newsletter):
            return None
        articles = arranging.of_the_week(newsletter, now=came)
        if articles:
            turn.issue = lifecycle.compose(newsletter, articles, **arranging.suggested(articles))
            turn.save(update_fields=["issue"])
        return turn.issue


def _has_draft(newsletter: Newsletter) -> bool:
    return Issue.objects.filter(
        newsletter=newsletter, kind=Issue.Kind.ISSUE, status=Issue.Status.DRAFT
    ).exists()
