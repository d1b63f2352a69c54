"""The switches of a dispatch: what each refuses, in words that say what to do."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from briefing.dispatch import control, progress, trials
from briefing.dispatch.control import DispatchRefusedError
from briefing.dispatch.states import ForbiddenStepError
from briefing.models import Dispatch, DispatchCount, Issue, Trial
from subscribers.models import Subscription
from tests import factories
from tests.briefing.dispatch.making import readers

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue() -> Issue:
    readers(2)
    return factories.issue()


def test_an_issue_without_articles_or_readers_is_not_dispatched(issue: Issue) -> None:
    now = timezone.now()
    issue.items.all().delete()
    with pytest.raises(DispatchRefusedError, match=r"^This issue has no articles\. Add"):
        control.start(issue, now=now)
    assert not Dispatch.objects.exists()


def test_nobody_to_write_to_is_said_with_the_newsletters_name() -> None:
    issue = factories.issue()
    with pytest.raises(DispatchRefusedError, match=f"^Nobody would receive .*{issue.newsletter}"):
        control.start(issue, now=timezone.now())


def test_an_issue_goes_out_once_and_what_follows_waits_for_its_end(issue: Issue) -> None:
    now = timezone.now()
    with pytest.raises(DispatchRefusedError, match=f"^{issue} has not been dispatched yet"):
        control.start_missed(issue, now=now)

    main = control.start(issue, now=now)

    assert (main.state, main.kind, main.started_at) == ("running", Dispatch.Kind.MAIN, now)
    assert (main.begins_at, main.created_at) == (None, now)
    assert DispatchCount.objects.filter(dispatch=main).exists()
    with pytest.raises(DispatchRefusedError, match=f"^{issue} has been dispatched already"):
        control.start(issue, now=now)
    for follow in (control.start_missed, control.start_correction):
        busy = f"^Dispatch {main.pk} of {issue} is still running. Let it end first"
        with pytest.raises(DispatchRefusedError, match=busy):
            follow(issue, now=now)

    control.cancel(main, reason="wrong")
    factories.subscription("late@later.example")
    missed = control.start_missed(issue, now=now)
    assert (missed.kind, missed.edition, missed.ceiling) == (
        Dispatch.Kind.MISSED,
        main.edition,
        main.ceiling,
    )
    control.cancel(missed, reason="wrong")
    correction = control.start_correction(issue, now=now)
    assert correction.kind == Dispatch.Kind.CORRECTION
    assert correction.edition != main.edition


def test_of_two_people_who_press_at_once_one_is_told_that_it_went_out(
    issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = trials.wanted

    def overtaken(of: Issue, *, now: datetime) -> Trial | None:
        monkeypatch.setattr(trials, "wanted", wanted)
        control.start(issue, now=now)
        return wanted(of, now=now)

    monkeypatch.setattr(trials, "wanted", overtaken)

    with pytest.raises(DispatchRefusedError, match=f"^{issue} has been dispatched already"):
        control.start(issue, now=timezone.now())

    # Nor is it said that nobody would get it, once everybody has left.
    Subscription.objects.update(state=Subscription.State.UNSUBSCRIBED)
    with pytest.raises(DispatchRefusedError, match=f"^{issue} has been dispatched already"):
        control.start(issue, now=timezone.now())
    assert Dispatch.objects.count() == 1


def test_with_a_countdown_it_holds_until_that_is_over(issue: Issue) -> None:
    now = timezone.now()

    held = control.start(issue, now=now, countdown=timedelta(seconds=30))

    assert (held.state, held.started_at) == ("holding", None)
    assert held.begins_at == now + timedelta(seconds=30)
    assert progress.measure(held.pk).settled == 0


def test_a_switch_notes_its_reason_and_what_is_over_stays_over(issue: Issue) -> None:
    dispatch = control.start(issue, now=timezone.now(), countdown=timedelta(seconds=30))

    control.pause(dispatch, reason="a person")
    assert (dispatch.state, dispatch.reason) == ("paused", "a person")
    assert Dispatch.objects.get().begins_at is None
    control.resume(dispatch)
    assert (dispatch.state, dispatch.reason) == ("running", "")
    control.cancel(dispatch, reason="wrong")
    assert (dispatch.state, dispatch.reason) == ("cancelled", "wrong")

    stale = Dispatch(pk=dispatch.pk, state="running")
    with pytest.raises(ForbiddenStepError) as caught:
        control.resume(stale)
    assert (caught.value.current, caught.value.wanted) == ("cancelled", "running")
    assert stale.state == "running"
