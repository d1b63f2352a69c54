"""Who receives an issue: counted with reasons, and paged in id order for the planner.

Before it: subscriptions. After it: briefing.dispatch.planner, which freezes what it reads here.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, Count, Max, Q, QuerySet, Value, When

from subscribers.models import Newsletter, Subscription


@dataclass(frozen=True, slots=True)
class Candidate:
    """One subscription as the planner needs it. `excluded` is the reason, or empty."""

    subscriber_id: int
    excluded: str
    domain: str
    locale: str
    format: str
    tracked: bool


@dataclass(frozen=True, slots=True)
class AudienceCount:
    """How many would receive an issue now: candidates = planned + the sum of excluded."""

    candidates: int
    planned: int
    excluded: dict[str, int]


@dataclass(frozen=True, slots=True)
class Combination:
    """What differs between readers and is present in an audience: one edition variant each."""

    locale: str
    format: str
    tracked: bool


def exclusions(now: datetime) -> tuple[tuple[str, Q], ...]:
    """Return why a subscription receives nothing at `now`; the first that holds is the one told."""
    return (
        ("erased", Q(withheld=Subscription.Withheld.ERASED)),
        ("unsubscribed", Q(state=Subscription.State.UNSUBSCRIBED)),
        ("suppressed", Q(withheld=Subscription.Withheld.SUPPRESSED)),
        # A pause lasts until its date has come in UTC.
        ("paused", Q(paused_until__gt=now.date())),
        ("digest", Q(frequency=Subscription.Frequency.WEEKLY_DIGEST)),
    )


def ceiling(newsletter: Newsletter) -> int:
    """Return the highest reader id of a newsletter: later ones receive the next issue."""
    highest = Subscription.objects.filter(newsletter=newsletter).aggregate(at=Max("subscriber_id"))
    return highest["at"] or 0


def count(newsletter: Newsletter, *, now: datetime) -> AudienceCount:
    """Count who would receive an issue at `now`, and why the others would not."""
    rows = (
        Subscription.objects.filter(newsletter=newsletter)
        .annotate(reason=_reason(now))
        .values_list("reason")
        .annotate(number=Count("pk"))
        .order_by()
    )
    by_reason = Counter(dict(rows))
    planned = by_reason.pop("", 0)
    return AudienceCount(
        candidates=planned + by_reason.total(), planned=planned, excluded=dict(by_reason)
    )


def combinations(newsletter: Newsletter, *, now: datetime) -> list[Combination]:
    """Return what differs between the readers who would receive an issue at `now`."""
    rows = (
        _planned(newsletter, now=now)
        .values_list("subscriber__locale", "subscriber__format", "subscriber__tracking_allowed")
        .distinct()
        .order_by("subscriber__locale", "subscriber__format", "subscriber__tracking_allowed")
    )
    return [Combination(*row) for row in rows]


def pages(
    newsletter_id: int, *, after: int, ceiling: int, sizes: Iterator[int], now: datetime
) -> Iterator[list[Candidate]]:
    """Yield candidates in reader id order, keyset by keyset, until `ceiling` (inclusive)."""
    for size in sizes:
        page = list(_candidates(newsletter_id, after=after, ceiling=ceiling, size=size, now=now))
        if page:
            yield page
            after = page[-1].subscriber_id
        if len(page) < size:
            return


def _candidates(
    newsletter_id: int, *, after: int, ceiling: int, size: int, now: datetime
) -> Iterator[Candidate]:
    rows = (
        Subscription.objects.filter(
            newsletter_id=newsletter_id, subscriber_id__gt=after, subscriber_id__lte=ceiling
        )
        .annotate(reason=_reason(now))
        .order_by("subscriber_id")
        .values_list(
            "subscriber_id",
            "reason",
            "subscriber__domain",
            "subscriber__locale",
            "subscriber__format",
            "subscriber__tracking_allowed",
        )[:size]
    )
    return (Candidate(*row) for row in rows)


def _planned(newsletter: Newsletter, *, now: datetime) -> "QuerySet[Subscription, Any]":
    return (
        Subscription.objects.filter(newsletter=newsletter)
        .annotate(reason=_reason(now))
        .filter(reason="")
    )


def _reason(now: datetime) -> Case:
    """Return the SQL expression that names why a subscription is excluded, or is empty."""
    return Case(
        *(When(condition, then=Value(reason)) for reason, condition in exclusions(now)),
        default=Value(""),
        output_field=CharField(),
    )
