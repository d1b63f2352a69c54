"""What a sweep finds in the database, whatever was lost: it plans, rings, finishes, and tells."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from briefing.dispatch import control, journal, planner, sender, upkeep
from briefing.dispatch.outcome import ACCEPTED, DEFERRED
from briefing.models import Alert
from tests import factories
from tests.briefing.dispatch.making import Provider, Said, dispatching, readers

pytestmark = pytest.mark.django_db


def swept() -> tuple[list[int], list[int], list[int]]:
    """Sweep; return what was planned, rung for, and finished."""
    rung: list[int] = []
    planned: list[int] = []
    finished = upkeep.sweep(now=timezone.now(), ring=rung.append, plan=planned.append)
    return planned, rung, finished


def test_what_is_begun_is_planned_what_is_open_rung_for_and_what_is_done_finished() -> None:
    readers(2)
    dispatch = control.start(factories.issue(), now=timezone.now())
    assert swept() == ([dispatch.pk], [dispatch.pk], [])

    planner.plan(dispatch.pk, ring=lambda _id: None)
    assert swept() == ([], [dispatch.pk], [])

    control.pause(dispatch, reason="a person")
    assert swept() == ([], [], [])

    control.resume(dispatch)
    sender.drain(dispatch.pk, Provider())
    assert swept() == ([], [], [dispatch.pk])
    assert swept() == ([], [], [])


def test_of_a_cancelled_dispatch_the_rest_is_rung_for_until_it_is_written_down() -> None:
    dispatch = dispatching(2)
    control.cancel(dispatch, reason="wrong")
    assert swept() == ([], [dispatch.pk], [])

    sender.drain(dispatch.pk, Provider())
    assert swept() == ([], [], [])


def test_people_are_told_once_of_more_unknown_than_they_would_want_not_to_know_of(
    settings: Settings,
) -> None:
    settings.UNKNOWN_ALERT_AT = 2
    dispatch = dispatching(3)
    said: list[Said] = [None, ACCEPTED, (DEFERRED, "451 later")]
    sender.drain(dispatch.pk, Provider(answer=lambda copy: said[copy.position]))
    swept()
    assert not Alert.objects.exists()

    settings.UNKNOWN_ALERT_AT = 1
    swept()
    swept()

    told = Alert.objects.get()
    assert (told.kind, told.key) == (Alert.Kind.UNKNOWN, f"unknown:{dispatch.pk}")
    assert told.text == (
        f"1 deliveries of dispatch {dispatch.pk} are unknown: they may or may not have arrived. "
        f"See them with: manage.py unknown {dispatch.pk}"
    )
    # Told is told: with nobody named in the settings it stands at the desk.
    assert told.told_at


def test_a_journal_that_nobody_can_read_is_kept_for_a_day() -> None:
    left = journal.Journal()
    left.leave()
    left.path.write_bytes(b"of an earlier form")
    swept()
    assert left.path.exists()

    day_old = (timezone.now() - timedelta(hours=24, seconds=1)).timestamp()
    os.utime(left.path, (day_old, day_old))
    swept()

    assert not left.path.exists()
