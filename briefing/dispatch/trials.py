"""A first wave, a gate, the rest: what a dispatch that begins with a few readers is made of.

Before it: an editor's choice. After it: the planner cuts the audience in two, and deciding.py opens
the gate or halts the dispatch.
"""

from datetime import datetime

from django.db.models import Case, Exists, OuterRef, Value, When
from django.utils.translation import gettext as _

from briefing.dispatch import sampling
from briefing.dispatch.states import LET_GO, UNDECIDED
from briefing.issues import contents
from briefing.models import Batch, Dispatch, Issue, Trial
from subscribers import audience

# Most bounces come back within minutes.
USUAL_MINUTES = {Issue.FirstWave.CANARY: 15}


class TrialRefusedError(ValueError):
    """The issue cannot be tried on a few first; the message says why and what to do."""


def choose(issue: Issue, first_wave: str, *, minutes: int = 0) -> None:
    """Keep who is to get a draft first; 0 minutes stand for the usual ones."""
    Issue.objects.filter(pk=issue.pk).update(first_wave=first_wave, first_wave_minutes=minutes)
    issue.first_wave, issue.first_wave_minutes = first_wave, minutes


def wanted(issue: Issue, *, now: datetime) -> Trial | None:
    """Return the trial, not saved, that an issue's main dispatch begins with, if one was chosen.

    Raises: TrialRefusedError.
    """
    if not issue.first_wave:
        return None
    scope = contents.scope(issue)
    readers = audience.count(issue.newsletter, now=now, scope=scope).planned
    if readers < sampling.FEWEST_READERS:
        raise TrialRefusedError(
            _(
                "A first wave needs at least %(least)d readers, and this issue has %(readers)d. "
                "Send it to everybody at once."
            )
            % {"least": sampling.FEWEST_READERS, "readers": readers}
        )
    return Trial(
        kind=issue.first_wave,
        share=sampling.canary_share(readers),
        minutes=issue.first_wave_minutes or USUAL_MINUTES[Issue.FirstWave(issue.first_wave)],
    )


def is_open(trial: Trial | None) -> bool:
    """Whether the rest need not wait: there is no trial, or it let them go."""
    return trial is None or trial.state in LET_GO


def open_rest(dispatch_id: int, *, now: datetime) -> None:
    """Give whoever waits for a trial's decision their time."""
    Batch.objects.filter(dispatch_id=dispatch_id, not_before=None).update(not_before=now)


def sending_state() -> Case:
    """Return what a dispatch that may send becomes: canary while its trial is undecided."""
    undecided = Trial.objects.filter(dispatch=OuterRef("pk"), state__in=UNDECIDED)
    return Case(
        When(Exists(undecided), then=Value(Dispatch.State.CANARY)),
        default=Value(Dispatch.State.RUNNING),
    )


def is_halted() -> Exists:
    """Return the condition on a dispatch that its own trial halted it."""
    return Exists(Trial.objects.filter(dispatch=OuterRef("pk"), state=Trial.State.HALTED))
