"""A few go first, and what becomes of their copies decides: on by itself, or halted for a person."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from briefing.dispatch import (
    cancelling,
    control,
    deciding,
    fate,
    holding,
    invariants,
    judging,
    planner,
    progress,
    sender,
    timetable,
    trials,
    upkeep,
)
from briefing.dispatch.outcome import CANCELLED, DEFERRED, REJECTED
from briefing.dispatch.states import ForbiddenStepError
from briefing.models import Alert, Batch, Dispatch, EventCount, Issue, Trial
from tests import factories
from tests.briefing.dispatch.making import Provider, once, outcomes, readers, small_trials

pytestmark = pytest.mark.django_db

READERS = 12
FIRST = 4  # every third


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    small_trials(monkeypatch)


@pytest.fixture
def draft() -> Issue:
    """Compose an issue that goes to a canary of four first, then to eight others."""
    readers(READERS)
    issue = factories.issue()
    trials.choose(issue, Issue.FirstWave.CANARY)
    return issue


@pytest.fixture
def dispatch(draft: Issue) -> Dispatch:
    """Start and plan it."""
    started = control.start(draft, now=timezone.now())
    planner.plan(started.pk, ring=lambda _id: None)
    return started


def sweep(minutes: int = 0) -> list[int]:
    """Sweep as if so many minutes had passed since the last one; returns for what it rang."""
    rung: list[int] = []
    Trial.objects.update(decide_at=F("decide_at") - timedelta(minutes=minutes))
    upkeep.sweep(now=timezone.now(), ring=rung.append, plan=lambda _id: None)
    return rung


def sent(dispatch: Dispatch, provider: Provider) -> int:
    """Drain what is due; returns how many copies the provider has by now."""
    sender.drain(dispatch.pk, provider)
    return len(provider.received)


def state(dispatch: Dispatch) -> tuple[str, str]:
    """Return the states of a dispatch and of its trial."""
    trial = Trial.objects.select_related("dispatch").get(pk=dispatch.pk)
    return trial.dispatch.state, trial.state


def told(dispatch: Dispatch, bit: int, number: int) -> None:
    """Let reports have been folded."""
    EventCount.objects.create(dispatch=dispatch, kind=bit, number=number)


def test_the_canary_goes_first_and_the_others_a_quarter_of_an_hour_later(
    dispatch: Dispatch,
) -> None:
    provider = Provider()
    sweep()
    assert state(dispatch) == ("canary", "going")
    assert sent(dispatch, provider) == FIRST
    assert state(dispatch) == ("canary", "going")
    # Whatever rings meanwhile, and however often it is looked at.
    for minutes in (0, 1, 13):
        sweep(minutes)
        assert sent(dispatch, provider) == FIRST
        assert state(dispatch) == ("canary", "waiting")
    assert progress.measure(dispatch.pk).pace_from is None
    assert progress.measure(dispatch.pk).settled_before == 0
    sweep(2)
    assert sent(dispatch, provider) == READERS
    assert state(dispatch) == ("running", "passed")
    sweep()
    assert state(dispatch) == ("finished", "passed")
    assert once(provider.received)
    assert invariants.violations() == []
    trial = Trial.objects.get()
    assert (trial.figures["readers"], trial.figures["accepted"], trial.decided_by) == (4, 4, "")
    # How fast it goes is measured without those whom the others waited for.
    now = progress.measure(dispatch.pk)
    assert (now.pace_from, now.settled_before) == (trial.decided_at, 4)


def test_refusals_halt_it_at_once_and_people_are_told_once(dispatch: Dispatch) -> None:
    refusing = Provider(answer=lambda _copy: (REJECTED, "550 5.7.1 no"))
    assert sent(dispatch, refusing) == FIRST
    assert sweep() == []
    sweep(20)
    dispatch.refresh_from_db()
    assert state(dispatch) == ("paused", "halted")
    assert dispatch.reason == "4 of 4 copies were refused or came back; the limit is 3 %."
    assert "4 of 4 copies were refused" in Alert.objects.get().text
    assert sent(dispatch, Provider()) == 0


def test_reports_that_come_while_it_waits_decide(dispatch: Dispatch) -> None:
    sent(dispatch, Provider())
    sweep()
    told(dispatch, fate.SOFT_BOUNCED, 4)
    told(dispatch, fate.BLOCKED, 2)
    sweep(1)
    assert state(dispatch) == ("canary", "waiting")
    told(dispatch, fate.HARD_BOUNCED, 1)
    sweep(1)
    assert state(dispatch) == ("paused", "halted")


def test_answers_that_hardly_anybody_gave_are_no_permission(dispatch: Dispatch) -> None:
    sent(dispatch, Provider(answer=lambda _copy: (DEFERRED, "450 later")))
    sweep()
    assert state(dispatch) == ("canary", "waiting")
    sweep(16)
    dispatch.refresh_from_db()
    assert state(dispatch) == ("paused", "halted")
    assert dispatch.reason == "Only 0 of 4 first copies were accepted."


def test_what_was_halted_goes_on_only_by_a_persons_word_for_it(dispatch: Dispatch) -> None:
    sent(dispatch, Provider(answer=lambda _copy: (REJECTED, "550 no")))
    sweep()
    with pytest.raises(ForbiddenStepError):
        control.resume(dispatch)
    assert state(dispatch) == ("paused", "halted")
    deciding.overrule(Trial.objects.get(), by="olivia", now=timezone.now())
    with pytest.raises(ForbiddenStepError):
        deciding.overrule(Trial.objects.get(), by="somebody faster", now=timezone.now())
    assert state(dispatch) == ("running", "overruled")
    assert Trial.objects.get().decided_by == "olivia"
    assert sent(dispatch, Provider()) == READERS - FIRST
    sweep()
    assert state(dispatch) == ("finished", "overruled")
    assert invariants.violations() == []


@pytest.mark.parametrize("when", ["going", "halted"])
def test_cancelled_nobody_else_gets_it_and_everybody_has_a_row(
    dispatch: Dispatch, when: str
) -> None:
    if when == "halted":
        sent(dispatch, Provider(answer=lambda _copy: (REJECTED, "550 no")))
        sweep()
    assert Trial.objects.get().state == when
    control.cancel(dispatch, reason="a test")
    cancelling.settle(dispatch.pk, now=timezone.now())
    rest = READERS if when == "going" else READERS - FIRST
    assert list(outcomes(dispatch).values()).count(CANCELLED) == rest
    sweep(60)
    with pytest.raises(ForbiddenStepError):
        deciding.overrule(Trial.objects.get(), by="olivia", now=timezone.now())
    assert sent(dispatch, Provider()) == 0
    assert invariants.violations() == []


@pytest.mark.parametrize(
    "stop",
    [
        lambda dispatch: control.pause(dispatch, reason="a person"),
        lambda _dispatch: holding.hold("a person", now=timezone.now()),
    ],
)
def test_stopped_it_decides_nothing_and_resumed_it_is_a_canary_again(
    dispatch: Dispatch, stop: Callable[[Dispatch], None]
) -> None:
    sent(dispatch, provider := Provider())
    sweep()
    stop(dispatch)
    sweep(20)
    assert state(dispatch)[1] == "waiting"
    holding.let_go(now=timezone.now())
    control.resume(dispatch)
    assert state(dispatch) == ("canary", "waiting")
    assert sent(dispatch, provider) == FIRST
    sweep(20)
    assert state(dispatch) == ("running", "passed")
    assert sent(dispatch, provider) == READERS


def test_behind_the_countdown_comes_the_canary_and_undone_nothing_is_left(draft: Issue) -> None:
    countdown = timedelta(seconds=30)
    dispatch = control.start(draft, now=timezone.now(), countdown=countdown)
    assert timetable.undo(dispatch)
    assert not Trial.objects.exists()
    draft.refresh_from_db()
    dispatch = control.start(draft, now=timezone.now(), countdown=countdown)
    assert timetable.begin_due(now=timezone.now() + countdown) == 1
    assert state(dispatch) == ("canary", "going")


def test_a_slice_planned_behind_the_decision_is_open(
    draft: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner, "_FIRST_SLICE", 6)
    dispatch = control.start(draft, now=timezone.now())
    looked: list[int] = []
    planner.plan(dispatch.pk, ring=looked.append, is_stopping=lambda: bool(looked))
    sent(dispatch, provider := Provider())
    sweep(20)
    # Not all of the first are planned: nothing can be decided by itself.
    assert (len(provider.received), state(dispatch)) == (2, ("canary", "going"))
    deciding.overrule(Trial.objects.get(), by="olivia", now=timezone.now())
    planner.plan(dispatch.pk, ring=lambda _id: None)
    assert not Batch.objects.filter(not_before=None).exists()
    assert sent(dispatch, provider) == READERS
    assert invariants.violations() == []


def test_two_sweeps_at_once_decide_once(dispatch: Dispatch) -> None:
    sent(dispatch, Provider())
    sweep()
    stale = Trial.objects.select_related("dispatch__issue__newsletter").get()
    figures = deciding.measured(dispatch.pk)
    told(dispatch, fate.COMPLAINED, 4)
    sweep(1)
    passed = deciding.let_go(stale, figures, decision=Trial.State.PASSED, now=timezone.now())
    assert (passed, state(dispatch)) == (False, ("paused", "halted"))
    bad = judging.judged(replace(figures, rejected=4), all_in=False)
    assert not deciding.halt(stale, bad, now=timezone.now())
    assert Batch.objects.filter(not_before=None).exists()


def test_an_issue_for_a_few_readers_is_refused_a_canary_in_a_sentence(draft: Issue) -> None:
    factories.subscription("reader0@mail.example", factories.newsletter("small", name="Small"))
    few = factories.issue(factories.newsletter("small"), articles=list(draft.articles.all()))
    trials.choose(few, Issue.FirstWave.CANARY)
    with pytest.raises(
        control.DispatchRefusedError,
        match=r"at least 6 readers, and this issue has 1\. Send it to everybody at once",
    ):
        control.start(few, now=timezone.now())
    assert not Dispatch.objects.exists()


def test_the_rest_is_late_only_while_nobody_of_it_was_written_to(
    dispatch: Dispatch, settings: Settings
) -> None:
    settings.BATCH_SIZE = settings.GROUP_SIZE = 2
    sent(dispatch, Provider())
    sweep()
    sweep(16)
    late = timezone.now() - timedelta(hours=2)
    Batch.objects.filter(wave=1).update(not_before=late)
    first = Batch.objects.filter(wave=1).order_by("pk").values_list("pk", flat=True)[0]
    Batch.objects.filter(pk=first).update(claims=1)
    sweep()
    assert state(dispatch)[0] == "running"
    Batch.objects.filter(pk=first).update(claims=0)
    sweep()
    assert state(dispatch)[0] == "holding"
