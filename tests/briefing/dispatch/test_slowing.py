"""An account whose own server defers is slowed until it takes what it is given, and recovers."""

import time
from array import array
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from briefing.dispatch import throttle
from briefing.dispatch.claims import Held
from briefing.dispatch.clock import Clock
from briefing.dispatch.groups import InFlight
from briefing.dispatch.outcome import ACCEPTED, DEFERRED
from briefing.dispatch.pace import Pace
from briefing.models import Bucket, Dispatch
from briefing.transports.base import Copy, Group
from tests.briefing.dispatch.making import Provider, ProviderSession
from tests.briefing.dispatch.test_throttle import bucket, note, take

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, 30, 15, 7, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Time:
    """Passes only while somebody waits."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.passed = 0.0
        monkeypatch.setattr(time, "sleep", self.wait)
        monkeypatch.setattr(time, "monotonic", lambda: 1000.0 + self.passed)

    def wait(self, seconds: float) -> None:
        self.passed += seconds

    def drain(self) -> Pace:
        return Pace("bulk", Dispatch(pk=7), Clock(NOW, 1000.0))


@pytest.fixture
def passing(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Time:
    settings.RATES, settings.WARM_UP, settings.GROUP_SIZE = {}, {}, 100
    return Time(monkeypatch)


@pytest.fixture
def session() -> ProviderSession:
    return ProviderSession(Provider(), watcher=None)  # type: ignore[arg-type]  # nothing is sent


def held() -> Held:
    """Return a batch of the lane that all small domains share."""
    return Held(1, 1, "", array("q", range(500)), 1, 0, 0, cautious=False, claims=1, began_at=0)


def group(*outcomes: int, domains: int) -> InFlight:
    """Return a group that came back so, with readers of so many domains in turn."""
    copies = [
        Copy(at, at, at, f"r{at}@d{at % domains}.example", b"", started=True, outcome=outcome)
        for at, outcome in enumerate(outcomes)
    ]
    return InFlight(held(), 7, 0, len(copies), 0, Group(copies, 0.0))


def test_a_server_that_defers_readers_of_several_domains_slows_the_account(
    passing: Time, session: ProviderSession
) -> None:
    pace = passing.drain()
    pace.note_group(group(*[DEFERRED] * 3, *[ACCEPTED] * 7, domains=1), session)
    assert not Bucket.objects.exists()

    for _group in range(2):
        pace.note_group(group(*[DEFERRED] * 3, *[ACCEPTED] * 7, domains=3), session)
    assert bucket().slowdown == 4.0
    # Once it is slowed, whoever is deferred tells that it is too fast still.
    pace.note_group(group(DEFERRED, domains=1), session)
    assert bucket().slowdown == 8.0

    another = passing.drain()
    assert another.ask(held(), now=NOW) == (25, timedelta(0))
    another.note_group(group(ACCEPTED, domains=1), session)
    assert bucket().slowdown == pytest.approx(5.6)


def test_a_slowed_account_recovers_by_the_groups_of_one_domain_too(
    passing: Time, session: ProviderSession
) -> None:
    Bucket.objects.create(account="bulk", free_at=NOW, slowdown=2.0)
    pace = passing.drain()
    domain = group(ACCEPTED, domains=1)
    domain.held.lane = "mail.example"

    pace.ask(domain.held, now=NOW)
    pace.note_group(domain, session)
    assert bucket().slowdown == pytest.approx(1.4)
    domain.copies[0].outcome = DEFERRED
    pace.note_group(domain, session)

    assert bucket().slowdown == pytest.approx(1.4)
    assert bucket("mail.example").slowdown == 2.0


def test_an_account_is_slowed_with_all_its_lanes_and_beside_theirs(passing: Time) -> None:
    def size() -> int:
        return throttle.group_size("bulk", "mail.example", preferred=None, now=NOW, limited=True)

    assert size() == 100
    for _group in range(3):
        note(10, 10, lane="")

    assert throttle.slowdown_of("bulk") == 8.0
    assert size() == 25
    assert take(50, lane="another.example", at=NOW).granted
    assert take(1, lane="mail.example", at=NOW).wait == SECOND
    # Smaller they are not made, and a lane's own slowness spreads its groups without making them small.
    for _group in range(3):
        note(10, 10, lane="")
        note(10, 10)
    assert size() == 10
    for _group in range(12):
        note(0, 10, lane="")
    assert throttle.slowdown_of("bulk") == 1.0
    assert size() == 100


def test_a_relay_that_takes_few_a_minute_gets_as_many_and_hardly_more(
    passing: Time, session: ProviderSession
) -> None:
    """Deferring the whole audience at once, again and again, would end with giving most of it up."""
    taken_at: list[float] = []
    deferred = 0
    while passing.passed < 300 and deferred < 1000:
        pace = passing.drain()
        size, wait = pace.ask(held(), now=pace.clock.now())
        if not size:
            passing.wait(wait.total_seconds())
            continue
        outcomes = []
        for _copy in range(size):
            free = sum(at > passing.passed - 60 for at in taken_at) < 120
            taken_at += [passing.passed] * free
            outcomes.append(ACCEPTED if free else DEFERRED)
        deferred += outcomes.count(DEFERRED)
        pace.note_group(group(*outcomes, domains=5), session)

    assert len(taken_at) > 200
    # Three groups are out before it is known, and each smaller one behind them.
    assert deferred < 450
