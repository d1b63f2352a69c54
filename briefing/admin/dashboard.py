"""The desk's first page: the next issue, what needs doing, how the last one went, who reads."""

from typing import Any

from django.db.models import Count, F
from django.http import HttpRequest
from django.utils import timezone

from briefing.admin import duties, pulse, readership, watching
from briefing.issues import lifecycle
from briefing.models import Dispatch, Issue
from subscribers.models import Newsletter


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add what the first page shows to unfold's context. Named in briefing/theme.py."""
    now = timezone.now()
    user = request.user
    context |= {
        "now": now,
        "duties": duties.waiting(user, now=now),
        "beats": pulse.read(now=now),
        "readerships": readership.count(now=now),
    }
    if user.has_perm("briefing.view_issue"):
        context |= {"next_issue": _next_issue(), "unused_articles": _unused()}
    if user.has_perm("briefing.view_dispatch"):
        last = Dispatch.objects.select_related("issue__newsletter").order_by("-pk").first()
        context |= {"last": last, "panel": watching.panel(last.pk) if last else None}
    return context


def _next_issue() -> Issue | None:
    """Return the draft that goes out soonest, else the one that waits longest."""
    drafts = Issue.objects.filter(status=Issue.Status.DRAFT).select_related("newsletter")
    soonest = F("send_at").asc(nulls_last=True)
    return drafts.annotate(carries=Count("items")).order_by(soonest, "pk").first()


def _unused() -> int:
    """Return how many articles the first newsletter's next issue could carry."""
    newsletter = Newsletter.objects.order_by("pk").first()
    return len(lifecycle.unused_articles(newsletter)) if newsletter else 0
