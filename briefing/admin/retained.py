"""What is kept how long, what was deleted lately, and what goes next: for whoever answers for it."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from briefing import schedule
from briefing.admin.gate import needs
from briefing.admin.screen import render
from briefing.tracking import retention as publishing
from subscribers import retention
from subscribers.retention import Rule, Told

RULES = (*retention.RULES, *publishing.RULES)
_RUNS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One rule as it stands. `goes_at` is when the oldest row's time is over; the next run takes it."""

    rule: Rule
    told: Told
    goes_at: datetime | None
    next_at: datetime | None
    overdue: bool


@require_safe
@needs("subscribers.view_consentrecord")
def retained(request: HttpRequest) -> HttpResponse:
    """Show every rule with its last and its next run, and what the last runs have deleted."""
    now = timezone.now()
    names = {rule.name: rule.what for rule in RULES}
    runs = [(run, names.get(run.rule, run.rule)) for run in retention.latest(limit=_RUNS_SHOWN)]
    return render(
        request,
        "desk/retained.html",
        _("Retention"),
        lines=[_line(rule, now=now) for rule in RULES],
        runs=runs,
    )


def _line(rule: Rule, *, now: datetime) -> Line:
    told, oldest = retention.told(rule, now=now), rule.oldest()
    every = schedule.every(rule.task)
    next_at = told.last_at + every if told.last_at else None
    return Line(
        rule,
        told,
        goes_at=oldest + rule.kept_for if oldest else None,
        next_at=next_at,
        # A ring may be late by a restart; a whole turn late means that nobody rings.
        overdue=next_at is not None and next_at + every < now,
    )
