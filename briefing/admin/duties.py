"""What needs doing: each thing one sentence that leads to where it is done."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Count, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from briefing.dispatch.progress import measure
from briefing.issues import preflight
from briefing.models import (
    Alert,
    Article,
    Burst,
    Delivery,
    Dispatch,
    EventCount,
    Issue,
    WeeklyDraft,
)

# How far back complaints, and how far ahead refusals, are looked for.
_LAST_ISSUES = 5
_NEWEST_DRAFTS = 2
_MOST_COMPLAINTS = 0.001

Tone = Literal["bad", "wait", ""]


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing that waits for a person. Bad comes first, then wait, then the rest."""

    sentence: str
    address: str
    tone: Tone = ""
    # The alert that this is, when it is one: it can be marked as seen.
    seen: int | None = None


def waiting(user: AbstractBaseUser | AnonymousUser, *, now: datetime) -> list[Duty]:
    """Return what waits for this person, the most urgent first."""
    found: list[Duty] = []
    if user.has_perm("briefing.view_dispatch"):  # type: ignore[union-attr]  # staff have permissions
        found += [*_alerts(), *_stopped(), *_bursts(), *_unknown(), *_complaints()]
    if user.has_perm("briefing.view_issue"):  # type: ignore[union-attr]  # staff are never anonymous
        found += [*_refused(now), *_composed(), *_failing(now)]
    if user.has_perm("briefing.change_article"):  # type: ignore[union-attr]  # staff are never anonymous
        found += _drafts()
    if not is_mfa_enabled(user):
        found.append(
            Duty(
                _("You have no second factor yet; sending and exporting ask for one."),
                reverse("mfa_index"),
                "wait",
            )
        )
    return sorted(found, key=lambda duty: ("bad", "wait", "").index(duty.tone))


def _alerts() -> Iterator[Duty]:
    """Yield what the machinery raised its hand for, until somebody says that it is seen."""
    for alert in Alert.objects.filter(seen_at=None)[:10]:
        yield Duty(alert.text, reverse("admin:briefing_dispatch_changelist"), "bad", seen=alert.pk)


def _stopped() -> Iterator[Duty]:
    """Dispatches that will not go on before somebody decides."""
    states = (Dispatch.State.HOLDING, Dispatch.State.PAUSED)
    for dispatch in Dispatch.objects.filter(state__in=states).select_related("issue__newsletter"):
        yield Duty(
            _("%(dispatch)s is %(state)s%(why)s.")
            % {
                "dispatch": dispatch,
                "state": dispatch.get_state_display(),
                "why": f": {dispatch.reason}" if dispatch.reason else "",
            },
            reverse("admin:briefing_dispatch_change", args=[dispatch.pk]),
            "bad",
        )


def _bursts() -> Iterator[Duty]:
    """Yield the dispatches whose bounces nobody has judged yet: until then nobody is suppressed."""
    open_ones = Burst.objects.filter(decision=Burst.Decision.OPEN)
    for burst in open_ones.select_related("dispatch__issue__newsletter"):
        yield Duty(
            _("Unusually many copies of %(dispatch)s bounced: say whose fault it is.")
            % {"dispatch": burst.dispatch},
            reverse("desk-burst", args=[burst.pk]),
            "bad",
        )


def _unknown() -> Iterator[Duty]:
    """Deliveries that may or may not have arrived; the partial index makes this a short read."""
    rows = (
        Delivery.objects.filter(outcome=Delivery.Outcome.UNKNOWN)
        .values_list("dispatch_id")
        .annotate(number=Count("subscriber_id"))
        .order_by("-dispatch_id")
    )
    for dispatch_id, number in rows[:5]:
        yield Duty(
            ngettext(
                "%(number)d delivery has no answer: it may have arrived, or not.",
                "%(number)d deliveries have no answer: they may have arrived, or not.",
                number,
            )
            % {"number": number},
            f"{reverse('desk-deliveries')}?dispatch={dispatch_id}"
            f"&outcome={Delivery.Outcome.UNKNOWN.value}",
            "bad",
        )


def _complaints() -> Iterator[Duty]:
    """Yield issues of which more was called rubbish than the large mailboxes put up with.

    Source: Google's guidelines for senders ask for less than 0.1 %.
    """
    last = Dispatch.objects.filter(kind=Dispatch.Kind.MAIN).select_related("issue__newsletter")
    for dispatch in last.order_by("-pk")[:_LAST_ISSUES]:
        complained = EventCount.objects.filter(
            dispatch=dispatch, kind=Delivery.Fate.COMPLAINED, link=-1
        ).aggregate(all=Sum("number", default=0))["all"]
        accepted = measure(dispatch.pk).by_outcome["accepted"] if complained else 0
        if complained > _MOST_COMPLAINTS * accepted:
            yield Duty(
                ngettext(
                    "%(number)d reader of %(issue)s complained: more than 0.1 %% of its copies.",
                    "%(number)d readers of %(issue)s complained: more than 0.1 %% of its copies.",
                    complained,
                )
                % {"number": complained, "issue": dispatch.issue},
                reverse("desk-report", args=[dispatch.issue_id]),
                "bad",
            )


def _refused(now: datetime) -> Iterator[Duty]:
    """Yield scheduled issues that would not go out: there is time to mend them."""
    soon = Issue.objects.filter(status=Issue.Status.DRAFT, send_at__isnull=False)
    for issue in soon.select_related("newsletter").order_by("send_at")[:_LAST_ISSUES]:
        errors = preflight.errors(issue, now=now)
        if errors:
            yield Duty(
                _("%(issue)s is scheduled and would be refused: %(what)s")
                % {"issue": issue, "what": errors[0].what},
                reverse("desk-dispatch", args=[issue.pk]),
                "bad",
            )


def _composed() -> Iterator[Duty]:
    """Yield drafts that composed themselves, until somebody schedules or sends them."""
    turns = WeeklyDraft.objects.filter(
        issue__status=Issue.Status.DRAFT, issue__send_at=None
    ).select_related("issue__newsletter")
    for turn in turns.order_by("-pk")[:_NEWEST_DRAFTS]:
        yield Duty(
            _("%(issue)s was composed by itself: look at it, then send it.")
            % {"issue": turn.issue},
            reverse("admin:briefing_issue_change", args=[turn.issue_id]),
            "wait",
        )


def _failing(now: datetime) -> Iterator[Duty]:
    """Yield drafts that could not go out yet: whoever composes sees it before the hour of sending."""
    drafts = Issue.objects.filter(status=Issue.Status.DRAFT, send_at=None)
    for issue in drafts.select_related("newsletter").order_by("-pk")[:_NEWEST_DRAFTS]:
        errors = preflight.quick_errors(issue, now=now)
        if errors:
            yield Duty(
                _("%(issue)s could not go out yet: %(what)s")
                % {"issue": issue, "what": errors[0].what},
                reverse("desk-checks", args=[issue.pk]),
                "wait",
            )


def _drafts() -> Iterator[Duty]:
    number = Article.objects.filter(status=Article.Status.DRAFT).count()
    if number:
        yield Duty(
            ngettext("%(number)d article is a draft.", "%(number)d articles are drafts.", number)
            % {"number": number},
            f"{reverse('admin:briefing_article_changelist')}?status__exact={Article.Status.DRAFT}",
        )
