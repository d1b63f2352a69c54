"""Each reader at the issue's hour on their own clock: the moment, the waves, and what waits for them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.db.models import F
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from briefing.dispatch import control, holding, planner, progress, trials
from briefing.dispatch.localhours import QUARTER, LocalHour
from briefing.dispatch.sender import drain
from briefing.models import Batch, Dispatch, Issue
from subscribers.models import Subscriber
from tests import factories
from tests.briefing.dispatch.making import Provider, readers

# Seven in the morning in Berlin, in winter.
AT = datetime(2026, 12, 1, 6, tzinfo=UTC)
MORNING = LocalHour(AT, "Europe/Berlin")


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("", 0),
        ("Europe/Berlin", 0),
        ("Europe/Rome", 0),
        ("Mars/Olympus", 0),
        ("../../etc/passwd", 0),
        ("Europe/London", 1),
        ("America/New_York", 6),
        ("America/Los_Angeles", 9),
        ("Asia/Tokyo", 16),
        ("Asia/Kathmandu", 19.25),
        ("Pacific/Kiritimati", 11),
        ("Europe/Helsinki", 23),
    ],
)
def test_a_reader_waits_until_their_clock_shows_the_hour(zone: str, hours: float) -> None:
    assert MORNING.quarters_until(zone) == hours * 4


def test_an_hour_that_the_clocks_leave_out_is_the_one_behind_it() -> None:
    night = LocalHour(datetime(2026, 3, 29, 0, 30, tzinfo=UTC), "UTC")
    spring = LocalHour(datetime(2026, 3, 28, 17, 30, tzinfo=UTC), "Asia/Tokyo")

    assert night.quarters_until("Europe/Berlin") == 22.0 * 4 + 0
    # Half past two does not exist that night in Berlin.
    assert spring.at + spring.quarters_until("Europe/Berlin") * QUARTER == datetime(
        2026, 3, 29, 1, 30, tzinfo=UTC
    )


@given(
    at=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001  UTC is put to it
    meant=st.sampled_from(sorted(available_timezones())),
    zone=st.sampled_from(sorted(available_timezones())),
)
def test_everybody_gets_it_within_a_day_at_that_hour(at: datetime, meant: str, zone: str) -> None:
    at = at.replace(microsecond=0, tzinfo=UTC)
    shown = at + LocalHour(at, meant).quarters_until(zone) * QUARTER

    # A day is an hour longer when the clocks are put back.
    assert timedelta(0) <= shown - at <= timedelta(hours=25)
    there, hour = shown.astimezone(ZoneInfo(zone)), at.astimezone(ZoneInfo(meant))
    apart = there.replace(tzinfo=None) - datetime.combine(there.date(), hour.time())
    assert apart in (timedelta(0), timedelta(minutes=30), timedelta(hours=1), -timedelta(hours=23))


ZONES = ("", "Europe/Berlin", "America/New_York", "Asia/Tokyo")


@pytest.fixture
def dispatch(db: None) -> Dispatch:
    """Have a reader in each of the zones, and an issue for each of them at this hour of Berlin's."""
    readers(len(ZONES))
    for number, zone in enumerate(ZONES):
        address = f"reader{number}@mail.example"
        Subscriber.objects.filter(address_key=address).update(time_zone=zone)
    issue = factories.issue()
    trials.choose(issue, Issue.FirstWave.LOCAL)
    now = timezone.now()
    Issue.objects.filter(pk=issue.pk).update(send_at=now, zone="Europe/Berlin")
    issue.refresh_from_db()
    made = control.start(issue, now=now + timedelta(seconds=9))
    assert made.state == Dispatch.State.RUNNING
    assert planner.plan(made.pk, ring=lambda _id: None)
    return made


def waits(zone: str, dispatch: Dispatch) -> timedelta:
    """Return how long a zone's readers wait from when the issue was to go out."""
    at = dispatch.issue.send_at
    assert at
    return LocalHour(at, "Europe/Berlin").quarters_until(zone) * QUARTER


def let_pass(time: timedelta) -> None:
    """Have all times come so much earlier: the database's clock is not ours to turn."""
    Batch.objects.exclude(state="done").update(not_before=F("not_before") - time)


def test_only_those_are_written_to_whose_hour_has_come(dispatch: Dispatch) -> None:
    provider, passed = Provider(), timedelta(0)
    drain(dispatch.pk, provider)
    assert sorted(provider.received) == ["reader0@mail.example", "reader1@mail.example"]

    for zone, reader in ((ZONES[2], "reader2"), (ZONES[3], "reader3")):
        almost = waits(zone, dispatch) - timedelta(minutes=2) - passed
        let_pass(almost)
        drain(dispatch.pk, provider)
        assert f"{reader}@mail.example" not in provider.received
        assert not control.finish_if_done(dispatch.pk, now=timezone.now())

        let_pass(timedelta(minutes=2))
        drain(dispatch.pk, provider)
        assert provider.received[-1] == f"{reader}@mail.example"
        passed += almost + timedelta(minutes=2)
    assert len(provider.received) == len(ZONES)
    assert control.finish_if_done(dispatch.pk, now=timezone.now())


def test_the_screen_knows_when_the_last_ones_get_it(dispatch: Dispatch) -> None:
    last = max(waits(zone, dispatch) for zone in ZONES)

    assert progress.measure(dispatch.pk).last_hour == dispatch.issue.send_at + last  # type: ignore[operator]  # it is scheduled


def test_a_wave_that_waits_is_not_late_until_its_hour_is_over(dispatch: Dispatch) -> None:
    drain(dispatch.pk, Provider())
    first = min(waits(zone, dispatch) for zone in ZONES[2:])

    for late, state in ((59, "running"), (61, "holding")):
        now = timezone.now() + first + timedelta(minutes=late)
        holding._hold_late(now=now)  # noqa: SLF001  a sweep would hold this copy for its silence
        dispatch.refresh_from_db()
        assert dispatch.state == state
    assert dispatch.reason == "a wave is more than an hour late"


def test_a_wave_that_has_begun_is_not_held_for_what_is_left_of_it(dispatch: Dispatch) -> None:
    drain(dispatch.pk, Provider())
    for part in Batch.objects.exclude(state="done"):
        part.pk, part.state, part.claims = None, Batch.State.DONE, 1
        part.save(force_insert=True)

    holding._hold_late(now=timezone.now() + timedelta(hours=26))  # noqa: SLF001  as above

    dispatch.refresh_from_db()
    assert dispatch.state == Dispatch.State.RUNNING


def test_those_it_missed_do_not_wait_for_their_hour(dispatch: Dispatch) -> None:
    Dispatch.objects.update(state=Dispatch.State.FINISHED)
    missed = control.start_missed(dispatch.issue, now=timezone.now())
    planner.plan(missed.pk, ring=lambda _id: None)
    provider = Provider()

    drain(missed.pk, provider)

    assert len(provider.received) == len(ZONES)


def test_a_late_wave_that_a_person_lets_go_is_not_held_again(dispatch: Dispatch) -> None:
    drain(dispatch.pk, Provider())
    let_pass(timedelta(hours=26))
    holding._hold_late(now=timezone.now())  # noqa: SLF001  a sweep would hold this copy for its silence
    dispatch.refresh_from_db()
    assert dispatch.state == Dispatch.State.HOLDING

    control.resume(dispatch)
    holding._hold_late(now=timezone.now())  # noqa: SLF001  as above

    dispatch.refresh_from_db()
    assert dispatch.state == Dispatch.State.RUNNING
