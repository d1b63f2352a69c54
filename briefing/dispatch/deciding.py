"""The gate behind a dispatch's first readers: what became of their copies halts it or opens it.

Before it: counters of outcomes and reports. After it: the rest's batches have their time, or the
dispatch stands paused and a person decides. The sweep asks; each decision is one transaction of
conditional UPDATEs, so that a process that dies leaves nothing half decided, and two decide once.
"""

import logging
from collections import Counter
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from briefing.dispatch import alerts, fate, judging, results, switching, trials
from briefing.dispatch.judging import Figures
from briefing.dispatch.progress import measure
from briefing.dispatch.sampling import FIRST
from briefing.dispatch.states import TRIAL_STEPS, UNDECIDED, ForbiddenStepError, sources
from briefing.issues import subjects
from briefing.models import Alert, Batch, Dispatch, EventCount, Issue, Link, Trial

logger = logging.getLogger(__name__)

State = Trial.State


def look(*, now: datetime) -> None:
    """Take every trial one step further that can go one. Safe to run twice: steps are conditional."""
    trials_on = Trial.objects.filter(state__in=UNDECIDED, dispatch__state=Dispatch.State.CANARY)
    for trial in trials_on.select_related("dispatch__issue__newsletter").order_by("pk"):
        over = trial.decide_at is not None and trial.decide_at <= now
        figures = judging.judged(measured(trial.pk), all_in=over)
        if figures.why:
            halt(trial, figures, now=now)
        elif over:
            let_go(trial, figures, decision=State.PASSED, now=now)
        elif trial.decide_at is None and _has_all_first(trial.pk):
            Trial.objects.filter(pk=trial.pk, state=State.GOING).update(
                state=State.WAITING, decide_at=now + timedelta(minutes=trial.minutes)
            )


def measured(dispatch_id: int) -> Figures:
    """Return what is known now. While a trial is undecided, only its first readers have copies."""
    outcomes = measure(dispatch_id).by_outcome
    copies, clicked = _copies(dispatch_id), _clicks(dispatch_id)
    counts = EventCount.objects.filter(dispatch_id=dispatch_id, link=-1).values_list("kind")
    heard = dict(counts.annotate(number=Sum("number")).order_by())
    first = Batch.objects.filter(dispatch_id=dispatch_id, wave=FIRST)
    return Figures(
        readers=first.aggregate(number=Sum("size", default=0))["number"],
        accepted=outcomes["accepted"],
        rejected=outcomes["rejected"],
        bounced=heard.get(fate.HARD_BOUNCED, 0) + heard.get(fate.BLOCKED, 0),
        complained=heard.get(fate.COMPLAINED, 0),
        copies_a=copies[subjects.A],
        clicks_a=clicked[subjects.A],
        copies_b=copies[subjects.B],
        clicks_b=clicked[subjects.B],
    )


def _copies(dispatch_id: int) -> Counter[str]:
    """Return accepted copies by subject, as the batches counted them: late answers are of neither."""
    rows = Batch.objects.filter(dispatch_id=dispatch_id, wave=FIRST).values_list("variant__key")
    found: Counter[str] = Counter()
    for key, number in rows.annotate(number=Sum("accepted")).order_by():
        found[subjects.arm_of(key)] += number
    return found


def _clicks(dispatch_id: int) -> Counter[str]:
    """Return clicks of people by subject: each has its own places in the edition's link table."""
    links = Link.objects.filter(edition__dispatches=dispatch_id)
    arms = dict(links.values_list("position", "arm"))
    found: Counter[str] = Counter()
    rows = EventCount.objects.filter(dispatch_id=dispatch_id, kind=fate.CLICKED, link__gte=0)
    for link, number in rows.values_list("link", "number"):
        found[arms.get(link, subjects.A)] += number
    return found


@transaction.atomic
def halt(trial: Trial, figures: Figures, *, now: datetime) -> bool:
    """Pause the dispatch, with the reason, and tell people; returns False when it was too late."""
    reason = judging.reason(figures)
    stepped = _step(trial, State.HALTED, figures, now=now)
    with switching.in_turn(trial.pk):
        paused = Dispatch.objects.filter(pk=trial.pk, state=Dispatch.State.CANARY).update(
            state=Dispatch.State.PAUSED, reason=reason[:200]
        )
    if not (stepped and paused):
        transaction.set_rollback(True)
        return False
    text = _("%(issue)s was halted behind its first readers. %(reason)s Go on or stop at the desk.")
    said = text % {"issue": trial.dispatch.issue, "reason": reason}
    alerts.raise_alert(Alert.Kind.PAUSED, f"trial {trial.pk}", said, now=now)
    logger.warning("trial_halted dispatch=%s why=%s", trial.pk, figures.why)
    return True


def overrule(trial: Trial, *, by: str, now: datetime) -> None:
    """Let the rest go because a person says so: halted, paused, or before its time.

    Raises: ForbiddenStepError when it is decided already, or the dispatch is over or held.
    """
    figures = measured(trial.pk)
    if not let_go(trial, figures, decision=State.OVERRULED, now=now, by=by):
        current = Dispatch.objects.values_list("state", flat=True).get(pk=trial.pk)
        raise ForbiddenStepError(current, Dispatch.State.RUNNING)


@transaction.atomic
def let_go(trial: Trial, figures: Figures, *, decision: State, now: datetime, by: str = "") -> bool:
    """Open the gate: the rest's time is now. Returns False when something else came first."""
    # In the planner's order: a slice is planned before this and opened here, or behind it and open.
    results.lock_counters(trial.pk)
    stepped = _step(trial, decision, figures, now=now, by=by)
    subject = _subject(trial, figures)
    # What a person had paused goes on when a person says so.
    states = [Dispatch.State.CANARY, *([Dispatch.State.PAUSED] if by else [])]
    going = Dispatch.objects.filter(pk=trial.pk, state__in=states).update(
        state=Dispatch.State.RUNNING, reason=""
    )
    if not (stepped and going):
        transaction.set_rollback(True)
        return False
    trials.open_rest(trial.pk, now=now, subject=subject)
    logger.info("trial_%s dispatch=%s", decision, trial.pk)
    return True


def _subject(trial: Trial, figures: Figures) -> str:
    """Write down which subject the rest gets, where two are on trial; returns it."""
    if trial.kind != Issue.FirstWave.SUBJECTS:
        return subjects.A
    won = judging.winner(figures)
    Trial.objects.filter(pk=trial.pk).update(winner=won)
    return won


def _step(trial: Trial, wanted: State, figures: Figures, *, now: datetime, by: str = "") -> int:
    """Take one step of the table, decided by the database; returns whether it was taken."""
    rows = Trial.objects.filter(pk=trial.pk, state__in=sources(wanted, table=TRIAL_STEPS))
    return rows.update(state=wanted, figures=asdict(figures), decided_at=now, decided_by=by[:150])


def _has_all_first(dispatch_id: int) -> bool:
    """Whether the plan is complete and none of the first readers is left to be written to."""
    left = Batch.objects.filter(dispatch_id=dispatch_id, wave=FIRST).exclude(state=Batch.State.DONE)
    planned = Dispatch.objects.filter(pk=dispatch_id, planned_at__isnull=False)
    return planned.exists() and not left.exists()
