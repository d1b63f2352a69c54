"""What is kept how long: each rule says its time, each run writes down what it deleted.

Before it: the rules' own modules, which delete. After it: the desk's page, which shows what was
deleted and what is next. Publishing brings rules of its own, in the same form.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from subscribers import outbox, privacy, signup
from subscribers.models import ConsentContext, Outbox, RetentionRun, SignupRequest

log = logging.getLogger(__name__)

RUNS_KEPT_FOR = timedelta(days=90)
TASK = "subscribers.tasks.expire"


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of thing that is kept for a time. `name` is its name in rows and logs.

    `task` is the task that applies it; `oldest` tells since when the oldest row is kept.
    """

    name: str
    what: str | Promise
    kept_for: timedelta
    oldest: Callable[[], datetime | None]
    task: str = TASK

    @property
    def hours(self) -> int:
        """How many hours that is."""
        return round(self.kept_for / timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Told:
    """What a rule has done: its last run, what it deleted then, and in the last 30 days."""

    last_at: datetime | None
    last_deleted: int
    lately_deleted: int


def note(deleted: Mapping[str, int], *, now: datetime) -> None:
    """Write down how many rows each rule has just deleted, also none: a run is news by itself."""
    told = " ".join(f"{name}={count}" for name, count in deleted.items())
    log.info("retention.deleted %s", told)
    RetentionRun.objects.bulk_create(
        RetentionRun(rule=name, at=now, deleted=count) for name, count in deleted.items()
    )


def apply(*, now: datetime) -> dict[str, int]:
    """Delete what the rules of the people's side no longer keep; return how many rows of what."""
    runs = RetentionRun.objects.filter(at__lte=now - RUNS_KEPT_FOR)
    return {
        **signup.expire(now=now),
        **privacy.retain(now=now),
        "retention_runs": runs.delete()[0],
    }


def told(rule: Rule, *, now: datetime) -> Told:
    """Return what a rule has done lately."""
    runs = RetentionRun.objects.filter(rule=rule.name)
    last = runs.order_by("-pk").first()
    lately = runs.filter(at__gt=now - timedelta(days=30)).aggregate(sum=Sum("deleted"))["sum"]
    return Told(last.at if last else None, last.deleted if last else 0, lately or 0)


def latest(*, limit: int) -> QuerySet[RetentionRun]:
    """Return the last runs that deleted something, newest first."""
    return RetentionRun.objects.filter(deleted__gt=0).order_by("-pk")[:limit]


def _first(rows: "QuerySet[Any]", field: str) -> Callable[[], datetime | None]:
    return lambda: rows.order_by(field).values_list(field, flat=True).first()


_DISOWNED = SignupRequest.State.DISOWNED

RULES = (
    Rule(
        "signups",
        _("Requests to sign up, whatever became of them"),
        signup.PENDING_FOR,
        _first(SignupRequest.objects.exclude(state=_DISOWNED), "created_at"),
    ),
    Rule(
        "disowned_signups",
        _("The hash of an address whose owner said “this was not me”"),
        signup.DISOWNED_FOR,
        _first(SignupRequest.objects.filter(state=_DISOWNED), "created_at"),
    ),
    Rule(
        "consent_contexts",
        _("The shortened network address and the browser of each consent"),
        privacy.CONTEXT_KEPT_FOR,
        _first(ConsentContext.objects.all(), "created_at"),
    ),
    Rule(
        "outbox_addresses",
        _("The two addresses of a change of address"),
        outbox.NAMED_FOR,
        _first(Outbox.objects.exclude(context={}), "created_at"),
    ),
    Rule(
        "outbox_rows",
        _("Mails to one person: what for, when, and the answer"),
        outbox.KEPT_FOR,
        _first(Outbox.objects.exclude(finished_at=None), "finished_at"),
    ),
    Rule(
        "retention_runs",
        _("What this page is made of"),
        RUNS_KEPT_FOR,
        _first(RetentionRun.objects.all(), "at"),
    ),
)
