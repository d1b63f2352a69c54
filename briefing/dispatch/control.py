"""The switches of a dispatch: start, pause, resume, cancel, finish. Each is one conditional UPDATE.

Before it: a person's decision. A switch takes effect at the next intent of every worker.
"""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Case, Exists, OuterRef
from django.utils.translation import gettext as _

from briefing.dispatch import questions, switching, trials, waves
from briefing.dispatch.outcome import DEFERRED, UNKNOWN
from briefing.dispatch.states import ENDED, ForbiddenStepError, sources
from briefing.issues import contents, lifecycle
from briefing.issues.compiling import CompileError, compile_issue
from briefing.models import Batch, Delivery, Dispatch, DispatchCount, Issue
from subscribers import audience


class DispatchRefusedError(ValueError):
    """The issue cannot be dispatched; the message says why and what to do."""


def start(issue: Issue, *, now: datetime, countdown: timedelta = timedelta(0)) -> Dispatch:
    """Compile the issue, freeze its ceiling and set its main dispatch running.

    With a countdown it holds until that is over, and timetable.undo can call it back; without one
    a door then calls `tasks.plan_later`. Raises: DispatchRefusedError.
    """
    if not issue.items.exists():
        raise DispatchRefusedError(
            _("This issue has no articles. Add at least one, then dispatch it.")
        )
    if Dispatch.objects.filter(issue=issue, kind=Dispatch.Kind.MAIN).exists():
        raise DispatchRefusedError(_already(issue))
    return _begin(issue, Dispatch.Kind.MAIN, now=now, countdown=countdown)


def start_missed(issue: Issue, *, now: datetime) -> Dispatch:
    """Send an issue to those whom its dispatches did not reach, and to nobody else.

    Whoever accepted it, or may have, is left alone; so is everybody who joined since the first.
    Raises: DispatchRefusedError.
    """
    return _begin(issue, Dispatch.Kind.MISSED, now=now)


def start_correction(issue: Issue, *, now: datetime) -> Dispatch:
    """Send an issue, as it stands corrected now, to those who received it. Raises: as `start`."""
    return _begin(issue, Dispatch.Kind.CORRECTION, now=now)


def _begin(
    issue: Issue, kind: str, *, now: datetime, countdown: timedelta = timedelta(0)
) -> Dispatch:
    scope = contents.scope(issue)
    combinations = audience.combinations(issue.newsletter, now=now, scope=scope)
    if not combinations:
        raise DispatchRefusedError(
            _("Nobody would receive this issue: %s has no active reader for it.") % issue.newsletter
        )
    main = Dispatch.objects.filter(issue=issue, kind=Dispatch.Kind.MAIN).first()
    if kind != Dispatch.Kind.MAIN:
        _check_follows(issue, main)
    try:
        trial = trials.wanted(issue, now=now) if kind == Dispatch.Kind.MAIN else None
        arms = trials.arms(trial) if kind == Dispatch.Kind.MAIN else (trials.winner(issue),)
        sending = Dispatch.State.CANARY if trial else Dispatch.State.RUNNING
        with transaction.atomic():
            dispatch = Dispatch.objects.create(
                issue=issue,
                # Those it missed get exactly what the others got; a correction is compiled anew.
                edition=main.edition
                if main and kind == Dispatch.Kind.MISSED
                else compile_issue(issue, combinations, now=now, arms=arms),
                kind=kind,
                state=Dispatch.State.HOLDING if countdown else sending,
                begins_at=now + countdown if countdown else None,
                ceiling=main.ceiling if main else audience.ceiling(issue.newsletter),
                created_at=now,
                started_at=None if countdown else now,
            )
            DispatchCount.objects.create(dispatch=dispatch)
            if trial:
                trial.dispatch = dispatch
                trial.save(force_insert=True)
            lifecycle.mark_dispatching(issue, now=now)
    except (CompileError, trials.TrialRefusedError) as error:
        raise DispatchRefusedError(str(error)) from error
    except IntegrityError as error:
        # Two people pressed at once: the constraint let one of them through.
        raise DispatchRefusedError(_already(issue)) from error
    return dispatch


def _check_follows(issue: Issue, main: Dispatch | None) -> None:
    """Refuse, by DispatchRefusedError, while there is nothing to follow or it is still going on."""
    if main is None:
        raise DispatchRefusedError(_("%s has not been dispatched yet. Dispatch it first.") % issue)
    busy = Dispatch.objects.filter(issue=issue).exclude(state__in=ENDED).first()
    if busy:
        raise DispatchRefusedError(
            _("Dispatch %(number)d of %(issue)s is still %(state)s. Let it end first.")
            % {"number": busy.pk, "issue": issue, "state": busy.get_state_display()}
        )


def pause(dispatch: Dispatch, *, reason: str) -> None:
    """Stop at the next intent; what is on the wire is still answered. Raises: ForbiddenStepError."""
    _step(dispatch, Dispatch.State.PAUSED, reason=reason)


def resume(dispatch: Dispatch) -> None:
    """Go on where it stopped, be it with the first readers. Raises: ForbiddenStepError.

    Only `reopen_with_rest` reopens what is over, only `trials.overrule` what its own trial halted.
    """
    waves.renew(dispatch.pk)
    _step(dispatch, Dispatch.State.RUNNING, reason="", never_from=ENDED)


def cancel(dispatch: Dispatch, *, reason: str) -> None:
    """Stop for ever. `cancelling.settle` then writes the rest down. Raises: ForbiddenStepError."""
    _step(dispatch, Dispatch.State.CANCELLED, reason=reason)


def finish_if_done(dispatch_id: int, *, now: datetime) -> bool:
    """Finish a dispatch whose plan is complete and of which nothing is open, deferred or asked."""
    open_batches = Batch.objects.filter(dispatch=OuterRef("pk")).exclude(state=Batch.State.DONE)
    rows = Delivery.objects.filter(dispatch=OuterRef("pk"))
    # A second attempt is unknown while it is on its way, until its lease is over.
    leaving = rows.filter(outcome=UNKNOWN, next_at__gt=now)
    asked = questions.open_at(now).filter(dispatch=OuterRef("pk"))
    finished = (
        Dispatch.objects.filter(
            pk=dispatch_id, state__in=sources("finished"), planned_at__isnull=False
        )
        .exclude(Exists(open_batches))
        .exclude(Exists(rows.filter(outcome=DEFERRED)))
        .exclude(Exists(leaving))
        .exclude(Exists(asked))
        .update(state=Dispatch.State.FINISHED, finished_at=now)
    )
    if finished:
        issue_id = Dispatch.objects.values_list("issue_id", flat=True).get(pk=dispatch_id)
        lifecycle.mark_published(issue_id)
    return bool(finished)


def reopen_with_rest() -> int:
    """Set finished dispatches running again of which somebody waits for another attempt.

    A person had it sent again to some, or a deferral came when everybody had given up on it.
    """
    waiting = _with_deferred(Dispatch.State.FINISHED)
    return Dispatch.objects.filter(pk__in=waiting, state=Dispatch.State.FINISHED).update(
        state=Dispatch.State.RUNNING, finished_at=None
    )


def cancelled_and_open() -> list[int]:
    """Return cancelled dispatches whose rest is not written down yet."""
    open_batches = Batch.objects.filter(dispatch=OuterRef("pk")).exclude(state=Batch.State.DONE)
    cancelled = Dispatch.objects.filter(Exists(open_batches), state=Dispatch.State.CANCELLED)
    found = {*cancelled.values_list("pk", flat=True), *_with_deferred(Dispatch.State.CANCELLED)}
    return sorted(found)


def _with_deferred(state: Dispatch.State) -> list[int]:
    """Return dispatches in a state with deferred rows: few rows are, and an index holds just them."""
    rows = Delivery.objects.filter(outcome=DEFERRED, dispatch__state=state)
    return list(rows.order_by().values_list("dispatch_id", flat=True).distinct())


def _step(
    dispatch: Dispatch, wanted: str, *, reason: str, never_from: frozenset[str] = frozenset()
) -> None:
    """Take one step of the table, decided by the database and not by a stale object."""
    rows = Dispatch.objects.filter(pk=dispatch.pk, state__in=set(sources(wanted)) - never_from)
    state: str | Case = wanted
    if wanted == Dispatch.State.RUNNING:
        rows, state = rows.exclude(trials.is_halted()), trials.sending_state()
    with switching.in_turn(dispatch.pk):
        moved = rows.update(state=state, reason=reason, begins_at=None)
    current = Dispatch.objects.values_list("state", flat=True).get(pk=dispatch.pk)
    if not moved:
        raise ForbiddenStepError(current, wanted)
    dispatch.state, dispatch.reason = current, reason


def _already(issue: Issue) -> str:
    return (
        _(
            "%s has been dispatched already. Readers it missed can be written to from its "
            "dispatch page; the others will not get it twice."
        )
        % issue
    )
