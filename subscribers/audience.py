"""Who receives an issue: counted with reasons, and paged in id order for the planner.

Before it: subscriptions. After it: briefing.dispatch.planner, which freezes what it reads here.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    Exists,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)

from subscribers.models import Newsletter, Subscription

Frequency = Subscription.Frequency
Topics = frozenset[int]


@dataclass(frozen=True, slots=True)
class Scope:
    """What an issue is to its audience: for whom by frequency, and which topics it carries.

    `for_everybody` says that it also carries something without a topic, so that nobody's copy is
    empty whatever they follow.
    """

    frequency: Frequency = Frequency.EVERY_ISSUE
    topics: Topics = frozenset()
    for_everybody: bool = True

    def wanted(self, followed: Topics) -> Topics | None:
        """Return which of its topics a reader gets; None means all: who chose none follows all.

        An empty set means what has no topic, and nothing else.
        """
        wanted = followed & self.topics
        return None if not followed or wanted == self.topics else wanted


# An ordinary issue, whatever is in it.
ANY_ISSUE = Scope()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One subscription as the planner needs it. `excluded` is the reason, or empty.

    `time_zone` is empty for whoever has not chosen one. `followed` are topics the reader has chosen;
    empty means all of them.
    """

    subscriber_id: int
    excluded: str
    domain: str
    locale: str
    format: str
    tracked: bool
    time_zone: str = ""
    followed: Topics = frozenset()


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of an audience is read next: `size` readers behind `after`, up to `ceiling`."""

    after: int
    ceiling: int
    size: int


@dataclass(frozen=True, slots=True)
class AudienceCount:
    """How many would receive an issue now: candidates = planned + the sum of excluded.

    Beside it, when a moment was asked about: how many of the planned have joined since, and who is
    excluded of those who were there before.
    """

    candidates: int
    planned: int
    excluded: dict[str, int]
    joined: int = 0
    excluded_before: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Combination:
    """What differs between readers and is present in an audience: one edition variant each.

    `topics` are those that are in it; None means the whole issue.
    """

    locale: str
    format: str
    tracked: bool
    topics: Topics | None = None


def exclusions(now: datetime, *, scope: Scope = ANY_ISSUE) -> tuple[tuple[str, Q], ...]:
    """Return why a subscription receives nothing at `now`; the first that holds is the one told."""
    told = [
        ("erased", Q(withheld=Subscription.Withheld.ERASED)),
        ("unsubscribed", Q(state=Subscription.State.UNSUBSCRIBED)),
        ("suppressed", Q(withheld=Subscription.Withheld.SUPPRESSED)),
        # A pause lasts until its date has come in UTC.
        ("paused", Q(paused_until__gt=now.date())),
        # What the reader gets instead of this.
        *((each.value, Q(frequency=each)) for each in Frequency if each != scope.frequency),
    ]
    if scope.topics and not scope.for_everybody:
        chosen = Subscription.topics.through.objects.filter(subscription=OuterRef("pk"))
        told.append(
            ("topics", Q(Exists(chosen)) & ~Q(Exists(chosen.filter(topic__in=scope.topics))))
        )
    return tuple(told)


def ceiling(newsletter: Newsletter) -> int:
    """Return the highest reader id of a newsletter: later ones receive the next issue."""
    highest = Subscription.objects.filter(newsletter=newsletter).aggregate(at=Max("subscriber_id"))
    return highest["at"] or 0


def count(
    newsletter: Newsletter,
    *,
    now: datetime,
    scope: Scope = ANY_ISSUE,
    since: datetime | None = None,
) -> AudienceCount:
    """Count who would receive an issue at `now`, and why the others would not.

    One walk over the newsletter's rows, whatever is asked: `since` splits the numbers by whether
    their readers joined after it.
    """
    is_new = Q(confirmed_at__gt=since) if since else Q(pk__in=[])
    rows = (
        Subscription.objects.filter(newsletter=newsletter)
        .annotate(reason=_reason(now, scope))
        .values_list("reason")
        .annotate(number=Count("pk"), new=Count("pk", filter=is_new))
        .order_by()
    )
    every = {reason: (number, new) for reason, number, new in rows}
    planned, joined = every.pop("", (0, 0))
    excluded = {reason: number for reason, (number, _new) in every.items()}
    return AudienceCount(
        candidates=planned + sum(excluded.values()),
        planned=planned,
        excluded=excluded,
        joined=joined,
        excluded_before={reason: number - new for reason, (number, new) in every.items()},
    )


def combinations(
    newsletter: Newsletter, *, now: datetime, scope: Scope = ANY_ISSUE
) -> list[Combination]:
    """Return what differs between the readers who would receive an issue at `now`."""
    topics = sorted(scope.topics)
    # The topics of a reader as the bits of one number, so that the database finds what differs.
    bits = Case(
        *(When(topics=topic, then=Value(1 << bit)) for bit, topic in enumerate(topics)),
        When(topics=None, then=Value(0)),
        # A topic that the issue has nothing on: the reader has chosen all the same.
        default=Value(1 << len(topics)),
        output_field=BigIntegerField(),
    )
    rows = _planned(newsletter, now=now, scope=scope).annotate(
        wanted=Sum(bits) if topics else Value(0)
    )
    columns = ("subscriber__locale", "subscriber__format", "subscriber__tracking_allowed")
    found = rows.values_list(*columns, "wanted").distinct().order_by(*columns, "wanted")
    every = (
        Combination(locale, format_, tracked, scope.wanted(_of_bits(wanted, topics)))
        for locale, format_, tracked, wanted in found
    )
    return list(dict.fromkeys(every))


def _of_bits(number: int, topics: Sequence[int]) -> Topics:
    """Return what a number's bits stand for; a topic that is none of these is called 0."""
    chosen = {topic for bit, topic in enumerate(topics) if number >> bit & 1}
    return frozenset(chosen | {0} if number >> len(topics) else chosen)


def page(newsletter_id: int, part: Slice, *, now: datetime, scope: Scope) -> list[Candidate]:
    """Return the next candidates in reader id order; fewer than asked for are the last."""
    rows = Subscription.objects.filter(
        newsletter_id=newsletter_id,
        subscriber_id__gt=part.after,
        subscriber_id__lte=part.ceiling,
    )
    found = list(_candidates(rows, size=part.size, reason=_reason(now, scope)))
    return _with_topics(newsletter_id, found) if found and scope.topics else found


def followed(newsletter_id: int, readers: Sequence[int]) -> dict[int, Topics]:
    """Return what these readers follow; who is missing follows everything."""
    return _followed(newsletter_id, Q(subscription__subscriber_id__in=readers))


def _candidates(
    rows: "QuerySet[Subscription, Any]", *, size: int, reason: Case
) -> Iterator[Candidate]:
    found = (
        rows.annotate(reason=reason)
        .order_by("subscriber_id")
        .values_list(
            "subscriber_id",
            "reason",
            "subscriber__domain",
            "subscriber__locale",
            "subscriber__format",
            "subscriber__tracking_allowed",
            "subscriber__time_zone",
        )[:size]
    )
    return (Candidate(*row) for row in found)


def _with_topics(newsletter_id: int, page: list[Candidate]) -> list[Candidate]:
    """Add what the readers of a page follow: few have chosen, and most need no second look."""
    first, last = page[0].subscriber_id, page[-1].subscriber_id
    chosen = _followed(
        newsletter_id,
        Q(subscription__subscriber_id__gte=first, subscription__subscriber_id__lte=last),
    )
    if not chosen:
        return page
    return [
        replace(each, followed=chosen[each.subscriber_id]) if each.subscriber_id in chosen else each
        for each in page
    ]


def _followed(newsletter_id: int, readers: Q) -> dict[int, Topics]:
    found: defaultdict[int, set[int]] = defaultdict(set)
    rows = Subscription.topics.through.objects.filter(
        readers, subscription__newsletter_id=newsletter_id
    )
    for reader, topic in rows.values_list("subscription__subscriber_id", "topic_id"):
        found[reader].add(topic)
    return {reader: frozenset(topics) for reader, topics in found.items()}


def _planned(
    newsletter: Newsletter, *, now: datetime, scope: Scope
) -> "QuerySet[Subscription, Any]":
    return (
        Subscription.objects.filter(newsletter=newsletter)
        .annotate(reason=_reason(now, scope))
        .filter(reason="")
    )


def _reason(now: datetime, scope: Scope) -> Case:
    """Return the SQL expression that names why a subscription is excluded, or is empty."""
    return Case(
        *(
            When(condition, then=Value(reason))
            for reason, condition in exclusions(now, scope=scope)
        ),
        default=Value(""),
        output_field=CharField(),
    )
