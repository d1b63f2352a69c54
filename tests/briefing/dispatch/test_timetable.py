"""By the clock, and back again: schedules that are kept once, countdowns that can be undone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from briefing.dispatch import (
    control,
    holding,
    invariants,
    planner,
    results,
    sender,
    timetable,
    upkeep,
)
from briefing.dispatch.outcome import ACCEPTED
from briefing.models import Alert, Batch, Delivery, Dispatch, DispatchCount, Issue
from tests import factories
from tests.briefing.dispatch.making import Provider, readers

pytestmark = pytest.mark.django_db

COUNTDOWN = timedelta(seconds=30)


@pytest.fixture
def draft() -> Issue:
    """Compose an issue that three readers will get."""
    readers(3)
    return factories.issue()


def sweep(minutes: float) -> list[int]:
    """Sweep at a time from now; returns for which dispatches planning was rung."""
    rung: list[int] = []
    now = timezone.now() + timedelta(minutes=minutes)
    upkeep.sweep(now=now, ring=lambda _id: None, plan=rung.append)
    return rung


def scheduled(issue: Issue, minutes: float) -> None:
    at = timezone.now() + timedelta(minutes=minutes)
    assert timetable.schedule(issue, at=at, zone="Europe/Berlin", by="olivia")


def test_an_issue_goes_out_once_at_its_time(draft: Issue) -> None:
    scheduled(draft, 10)
    assert sweep(9) == []
    assert len(sweep(11)) == 1
    sweep(12)
    dispatch = Dispatch.objects.get()
    assert (dispatch.issue_id, dispatch.state) == (draft.pk, Dispatch.State.RUNNING)


def test_whoever_is_late_does_not_send_but_tells(draft: Issue) -> None:
    scheduled(draft, 10)
    sweep(10 + 61)
    assert not Dispatch.objects.exists()
    draft.refresh_from_db()
    assert draft.send_at is None
    why = "did not: it is more than an hour late. Dispatch it, or schedule it anew."
    assert Alert.objects.get().text.endswith(why)


def test_what_the_gate_stops_is_not_sent_and_told_once(draft: Issue) -> None:
    scheduled(draft, 10)
    draft.items.all().delete()
    sweep(11)
    sweep(12)
    assert not Dispatch.objects.exists()
    told = Alert.objects.get()
    # Each issue's own: of two that are stopped neither hides the other.
    assert told.key == f"held:schedule {draft.pk}"
    assert "no articles" in told.text


def test_a_schedule_can_be_moved_and_taken_back(draft: Issue) -> None:
    scheduled(draft, 10)
    scheduled(draft, 30)
    assert sweep(11) == []
    draft.refresh_from_db()
    assert (draft.zone, draft.scheduled_by) == ("Europe/Berlin", "olivia")
    assert timetable.schedule(draft, at=timezone.now(), zone="UTC", by="o" * 200)
    draft.refresh_from_db()
    assert draft.scheduled_by == "o" * 150
    assert timetable.unschedule(draft.pk)
    draft.refresh_from_db()
    assert (draft.send_at, draft.zone, draft.scheduled_by) == (None, "", "")
    assert not timetable.unschedule(draft.pk)
    assert sweep(31) == []


def test_what_is_sent_is_not_scheduled_again(draft: Issue) -> None:
    control.start(draft, now=timezone.now())
    at = timezone.now() + timedelta(minutes=5)
    assert not timetable.schedule(draft, at=at, zone="UTC", by="olivia")


def test_while_it_counts_down_nobody_is_written_to(draft: Issue) -> None:
    dispatch = control.start(draft, now=timezone.now(), countdown=COUNTDOWN)
    planner.plan(dispatch.pk, ring=lambda _id: None)
    provider = Provider()
    sender.drain(dispatch.pk, provider)
    assert provider.received == []
    assert timetable.begin_due(now=timezone.now()) == 0
    assert timetable.begin_due(now=timezone.now() + COUNTDOWN) == 1
    sender.drain(dispatch.pk, provider)
    assert len(provider.received) == 3
    assert invariants.violations() == []


@pytest.mark.parametrize("planned", [False, True])
def test_undone_it_is_as_if_nothing_had_been_pressed(draft: Issue, *, planned: bool) -> None:
    assert timetable.schedule(draft, at=timezone.now(), zone="UTC", by="olivia")
    dispatch = control.start(draft, now=timezone.now(), countdown=COUNTDOWN)
    if planned:
        planner.plan(dispatch.pk, ring=lambda _id: None)
    assert timetable.undo(dispatch)
    draft.refresh_from_db()
    assert (draft.status, draft.published_at) == (Issue.Status.DRAFT, None)
    assert (draft.send_at, draft.zone, draft.scheduled_by) == (None, "", "")
    assert not DispatchCount.objects.exists()
    assert not Dispatch.objects.exists()
    assert not Batch.objects.exists()
    # And it can be sent after all.
    again = control.start(draft, now=timezone.now())
    planner.plan(again.pk, ring=lambda _id: None)
    sender.drain(again.pk, provider := Provider())
    assert len(provider.received) == 3


def test_once_begun_it_cannot_be_undone(draft: Issue) -> None:
    dispatch = control.start(draft, now=timezone.now(), countdown=COUNTDOWN)
    timetable.begin_due(now=timezone.now() + COUNTDOWN)
    assert not timetable.undo(dispatch)
    assert Dispatch.objects.get().state == Dispatch.State.RUNNING
    control.pause(Dispatch.objects.get(), reason="a test")
    assert not timetable.undo(dispatch)
    assert timetable.begin_due(now=timezone.now() + 2 * COUNTDOWN) == 0
    assert not Delivery.objects.exists()


def test_what_is_held_after_its_countdown_neither_begins_by_itself_nor_is_undone(
    draft: Issue,
) -> None:
    dispatch = control.start(draft, now=timezone.now(), countdown=COUNTDOWN)
    timetable.begin_due(now=timezone.now() + COUNTDOWN)
    holding.hold("a person said so", now=timezone.now())

    assert timetable.begin_due(now=timezone.now() + 2 * COUNTDOWN) == 0
    assert not timetable.undo(dispatch)

    assert Dispatch.objects.get().state == Dispatch.State.HOLDING


def test_a_dispatch_that_has_written_to_somebody_is_not_undone(draft: Issue) -> None:
    dispatch = control.start(draft, now=timezone.now(), countdown=COUNTDOWN)
    told = results.Verdict(ACCEPTED, attempts=1)
    results.write([results.row(dispatch.pk, 1001, told, now=timezone.now())])

    assert not timetable.undo(dispatch)

    dispatch.refresh_from_db()
    assert (dispatch.state, bool(dispatch.begins_at)) == (Dispatch.State.HOLDING, True)
