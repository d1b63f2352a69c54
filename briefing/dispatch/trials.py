"""A first wave, a gate, the rest: what a dispatch that begins with a few readers is made of.

Before it: an editor's choice. After it: the planner cuts the audience in two, and deciding.py opens
the gate or halts the dispatch.
"""

from datetime import datetime

from django.db.models import Case, Exists, OuterRef, Value, When
from django.utils.translation import gettext as _

from briefing.dispatch import sampling
from briefing.dispatch.sampling import Sample
from briefing.dispatch.states import LET_GO, UNDECIDED
from briefing.issues import contents, subjects
from briefing.models import Batch, Dispatch, EditionVariant, Issue, Trial
from subscribers import audience

FirstWave = Issue.FirstWave
# Most bounces come back within minutes; most of those who click do so within a few hours.
USUAL_MINUTES = {FirstWave.CANARY: 15, FirstWave.SUBJECTS: 240}
_ARMS: dict[str, tuple[str, ...]] = {
    FirstWave.CANARY: (subjects.A,),
    FirstWave.SUBJECTS: (subjects.A, subjects.B),
}


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
    if issue.first_wave not in _ARMS:
        return None
    readers = audience.count(issue.newsletter, now=now, scope=contents.scope(issue)).planned
    kind = FirstWave(issue.first_wave)
    check(issue, kind, readers=readers)
    share = sampling.canary_share if kind == FirstWave.CANARY else sampling.subject_share
    minutes = issue.first_wave_minutes or USUAL_MINUTES[kind]
    return Trial(kind=kind, share=share(readers), minutes=minutes)


def check(issue: Issue, kind: str, *, readers: int) -> None:
    """Look whether a first wave of this kind makes sense for an issue. Raises: TrialRefusedError."""
    least = fewest(kind)
    if readers < least:
        raise TrialRefusedError(
            _(
                "A first wave needs at least %(least)d readers, and this issue has %(readers)d. "
                "Send it to everybody at once."
            )
            % {"least": least, "readers": readers}
        )
    if kind != FirstWave.SUBJECTS:
        return
    if issue.second_subject in {"", issue.subject}:
        raise TrialRefusedError(
            _("There are no two subjects to try. Write a second one, or send it to all at once.")
        )
    if not issue.counts_clicks:
        raise TrialRefusedError(
            _(
                "Two subjects are compared by clicks, and this issue does not count them. Let it "
                "count clicks, or send it to everybody at once."
            )
        )


def fewest(kind: str) -> int:
    """Return how many readers an issue needs for a first wave of a kind."""
    two = kind == FirstWave.SUBJECTS
    return sampling.FEWEST_FOR_SUBJECTS if two else sampling.FEWEST_READERS


def arms(trial: Trial | None) -> tuple[str, ...]:
    """Return which subjects have to be compiled for a dispatch."""
    return _ARMS[trial.kind] if trial else (subjects.A,)


def sample_of(trial: Trial) -> Sample:
    """Return who a trial's first readers are."""
    return Sample(trial.pk, trial.share, arms(trial))


def winner(issue: Issue) -> str:
    """Return the subject that won an issue's trial, or the first where there was none."""
    won = Trial.objects.filter(dispatch__issue=issue).values_list("winner", flat=True).first()
    return won or subjects.A


def is_open(trial: Trial | None) -> bool:
    """Whether the rest need not wait: there is no trial, or it let them go."""
    return trial is None or trial.state in LET_GO


def open_rest(dispatch_id: int, *, now: datetime, subject: str = subjects.A) -> None:
    """Give whoever waits for a trial's decision their time, and the subject that won."""
    rest = Batch.objects.filter(dispatch_id=dispatch_id, not_before=None)
    if subject != subjects.A:
        planned = EditionVariant.objects.filter(pk__in=rest.values("variant_id"))
        for variant in list(planned.only("pk", "edition_id", "key")):
            key = subjects.key(variant.key, subject)
            other = EditionVariant.objects.get(edition_id=variant.edition_id, key=key)
            rest.filter(variant_id=variant.pk).update(variant_id=other.pk)
    rest.update(not_before=now)


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
