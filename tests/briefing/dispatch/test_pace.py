"""What a drain asks its account for before an intent, and what it learns from each group."""

import time
from array import array
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from briefing.dispatch import breaker
from briefing.dispatch.claims import Held
from briefing.dispatch.clock import Clock
from briefing.dispatch.groups import InFlight
from briefing.dispatch.outcome import ACCEPTED, DEFERRED, UNKNOWN
from briefing.dispatch.pace import Pace, usable_account
from briefing.limits import WarmUp
from briefing.models import Alert, Breaker, Bucket, Dispatch
from briefing.transports.base import Copy, Group
from tests.briefing.dispatch.making import Provider, ProviderSession, dispatching
from tests.briefing.dispatch.test_throttle import bucket

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LANE = "mail.example"


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let time stand still at NOW, and pass only while somebody waits."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0 + sum(slept))
    return slept


@pytest.fixture
def pace(waited: list[float], settings: Settings) -> Pace:
    settings.RATES, settings.WARM_UP, settings.GROUP_SIZE = {}, {}, 100
    return Pace("bulk", Dispatch(pk=7), Clock(NOW, 1000.0))


@pytest.fixture
def session() -> ProviderSession:
    return ProviderSession(Provider(), watcher=None)  # type: ignore[arg-type]  # nothing is sent


def held(
    lane: str = LANE, *, size: int = 500, intent_upto: int = 0, cautious: bool = False
) -> Held:
    readers = array("q", range(size))
    return Held(1, 1, lane, readers, 1, intent_upto, 0, cautious, claims=1, began_at=0)


def group(*outcomes: int | None, lane: str = LANE, started: bool = True) -> InFlight:
    """Return a group that came back so; None is no answer."""
    copies = [
        Copy(index, index, index, "", b"", started=started, outcome=outcome)
        for index, outcome in enumerate(outcomes)
    ]
    return InFlight(held(lane), 7, 0, len(copies), 0, Group(copies, 0.0))


# ------------------------------------------------------------------------------------ asking
def test_a_group_is_as_large_as_the_transport_likes_and_the_batch_still_is(pace: Pace) -> None:
    assert pace.ask(held(), now=NOW) == (100, timedelta(0))
    assert pace.ask(held(intent_upto=430), now=NOW) == (70, timedelta(0))
    assert pace.ask(None, now=NOW) == (100, timedelta(0))
    pace.preferred = 500
    assert pace.ask(held(intent_upto=1), now=NOW) == (499, timedelta(0))


def test_a_slow_account_gets_as_many_as_it_answers_in_an_eighth_of_their_time(
    pace: Pace, waited: list[float], session: ProviderSession, settings: Settings
) -> None:
    settings.GROUP_SIZE, settings.LEASE_SECONDS, settings.EMAIL_TIMEOUT = 250, 90, 30
    assert pace.ask(held(), now=NOW) == (100, timedelta(0))
    # 58 seconds until the deadline, ten copies a second.
    waited.append(10.0)
    pace.note_group(group(*[ACCEPTED] * 100), session)
    assert pace.ask(held(), now=NOW) == (72, timedelta(0))
    waited.append(1.0)
    pace.note_group(group(*[ACCEPTED] * 72), session)
    assert pace.ask(held(), now=NOW) == (250, timedelta(0))
    waited.append(3600.0)
    pace.note_group(group(*[ACCEPTED] * 250), session)
    assert pace.ask(held(), now=NOW) == (10, timedelta(0))


def test_a_batch_whose_workers_died_is_taken_one_by_one(pace: Pace) -> None:
    assert pace.ask(held(cautious=True), now=NOW) == (1, timedelta(0))


def test_a_short_wait_is_waited_for(pace: Pace, waited: list[float], settings: Settings) -> None:
    settings.RATES = {"bulk": 10.0}
    assert pace.ask(held(), now=NOW) == (10, timedelta(0))
    assert pace.ask(held(), now=NOW) == (10, timedelta(0))

    assert pace.ask(held(), now=NOW) == (10, timedelta(0))

    assert waited == [1.0]


def test_a_long_wait_is_told_and_nothing_is_taken(
    pace: Pace, waited: list[float], settings: Settings
) -> None:
    settings.RATES = {f"bulk/{LANE}": 10.0}
    free_at = NOW + timedelta(seconds=3)
    Bucket.objects.create(account="bulk", lane=LANE, free_at=free_at)

    assert pace.ask(held(), now=NOW) == (0, timedelta(seconds=2))
    assert pace.ask(held("another.example"), now=NOW) == (100, timedelta(0))

    assert waited == []
    assert bucket(LANE).free_at == free_at


# ------------------------------------------------------------------------------------ learning
def test_after_a_group_nobody_answered_for_one_reader_at_a_time_is_risked_until_one_is(
    pace: Pace, session: ProviderSession
) -> None:
    assert pace.note_group(group(None, UNKNOWN, None), session) == ""
    assert pace.ask(held(), now=NOW)[0] == 1

    assert pace.note_group(group(None, ACCEPTED), session) == ""
    assert pace.ask(held(), now=NOW)[0] == 100


def test_a_group_nobody_answered_for_is_a_failure_and_an_answer_a_success(
    pace: Pace, session: ProviderSession
) -> None:
    pace.note_group(group(None, None), session)
    assert Breaker.objects.get(account="bulk").failures == 1
    assert not breaker.is_open("bulk")

    pace.note_group(group(ACCEPTED), session)
    assert Breaker.objects.get(account="bulk").failures == 0


def test_five_groups_nobody_answered_for_open_the_breaker_and_tell_a_person_once(
    pace: Pace, session: ProviderSession
) -> None:
    for _group in range(6):
        pace.note_group(group(None), session)

    assert breaker.is_open("bulk")
    told = Alert.objects.get()
    assert (told.kind, told.at) == (Alert.Kind.BREAKER, NOW)
    assert told.text == "bulk cannot be used: no answers. It is tried again by itself."


def test_of_the_workers_on_an_account_that_is_shut_only_the_one_let_in_shuts_it_for_longer(
    pace: Pace, session: ProviderSession
) -> None:
    until = NOW + timedelta(seconds=30)
    Breaker.objects.create(account="bulk", failures=5, openings=1, open_until=until)
    let_in = Pace("bulk", Dispatch(pk=7), Clock(NOW, 1000.0))

    pace.note_group(group(None), session)
    assert Breaker.objects.get(account="bulk").open_until == until

    let_in.note_group(group(None), session)
    assert Breaker.objects.get(account="bulk").open_until == NOW + timedelta(seconds=60)
    let_in.note_group(group(None), session)
    assert Breaker.objects.get(account="bulk").open_until == NOW + timedelta(seconds=60)


def test_an_account_whose_trouble_is_over_costs_no_statement_per_group(
    pace: Pace, session: ProviderSession, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    pace.note_group(group(ACCEPTED), session)

    with django_assert_num_queries(0):
        pace.note_group(group(ACCEPTED, ACCEPTED), session)


def test_a_lane_that_defers_is_slowed_and_recovers_once_it_was_asked_for(
    pace: Pace, session: ProviderSession
) -> None:
    pace.note_group(group(*[DEFERRED] * 3, *[ACCEPTED] * 7), session)
    assert bucket(LANE).slowdown == 2.0

    pace.ask(held(), now=NOW)
    pace.note_group(group(ACCEPTED), session)
    assert bucket(LANE).slowdown == pytest.approx(1.4)


def test_a_lane_that_another_host_slowed_recovers_here_too(
    pace: Pace, session: ProviderSession
) -> None:
    pace.ask(held(), now=NOW)
    Bucket.objects.create(account="bulk", lane=LANE, free_at=NOW, slowdown=4.0)
    pace.ask(held(), now=NOW)

    pace.note_group(group(ACCEPTED), session)
    assert bucket(LANE).slowdown == pytest.approx(2.8)

    Bucket.objects.update(slowdown=1.0, free_at=NOW)
    pace.ask(held(), now=NOW)
    Bucket.objects.update(slowdown=4.0)
    pace.note_group(group(ACCEPTED), session)
    # Nothing limited it when it was asked for: the next question will tell.
    assert bucket(LANE).slowdown == 4.0


def test_a_provider_that_names_a_time_is_left_alone_until_then(
    pace: Pace, session: ProviderSession
) -> None:
    session.retry_after_seconds = 40.0

    pace.note_group(group(DEFERRED), session)

    assert pace.ask(held(), now=NOW) == (0, timedelta(seconds=40))


def test_what_was_not_started_for_want_of_time_is_nobodys_failure(
    pace: Pace, session: ProviderSession
) -> None:
    reason = pace.note_group(group(None, None, started=False), session)

    assert reason == "the time of the group was over"
    assert not Breaker.objects.exists()


def test_a_provider_that_went_away_is_a_failure_with_its_reason(
    pace: Pace, session: ProviderSession
) -> None:
    lost = group(ACCEPTED, None, None, started=False)
    lost.copies[2].code = "connection lost"

    assert pace.note_group(lost, session) == "connection lost"

    assert Breaker.objects.get(account="bulk").failures == 1
    assert not Alert.objects.exists()


def test_an_account_that_waiting_does_not_heal_pauses_the_dispatch_and_tells_a_person(
    session: ProviderSession, waited: list[float]
) -> None:
    dispatch = dispatching(1)
    pace = Pace("bulk", dispatch, Clock(NOW, 1000.0))
    session.down_for_good = True
    refused = group(None, started=False)
    refused.copies[0].code = "535 wrong password " + "!" * 300

    pace.note_group(refused, session)
    # Somebody else stopped it meanwhile: that is no trouble.
    Dispatch.objects.update(state=Dispatch.State.CANCELLED)
    pace.note_down("535 wrong password", permanent=True)

    dispatch.refresh_from_db()
    assert len(dispatch.reason) == 200
    assert dispatch.reason.startswith("535 wrong password !")
    told = Alert.objects.get(kind=Alert.Kind.PAUSED)
    assert told.key == f"paused:{dispatch.pk}"
    assert told.text.startswith("bulk: 535 wrong password !")
    assert told.text.endswith("!. Mend the account's settings, then resume the dispatch.")


def test_a_drain_begins_with_one_reader_where_the_last_group_before_it_was_not_answered(
    session: ProviderSession, waited: list[float]
) -> None:
    Breaker.objects.create(account="bulk", failures=1, recent=1)
    Breaker.objects.create(account="other", failures=0, recent=1)
    later, elsewhere = (
        Pace(each, Dispatch(pk=7), Clock(NOW, 1000.0)) for each in ("bulk", "other")
    )

    assert later.ask(held(), now=NOW)[0] == 1
    assert elsewhere.ask(held(), now=NOW)[0] > 1

    later.note_group(group(ACCEPTED), session)
    assert later.ask(held(), now=NOW)[0] > 1


# ------------------------------------------------------------------------------- which account
def test_the_fallback_is_used_while_the_bulk_account_is_shut_off(settings: Settings) -> None:
    settings.MAIL_ACCOUNTS = {"bulk": "smtp://a", "transactional": "smtp://b"}
    assert usable_account(now=NOW) == "bulk"
    Breaker.objects.create(account="bulk", open_until=NOW + timedelta(seconds=1))
    assert usable_account(now=NOW) is None

    settings.MAIL_ACCOUNTS["fallback"] = "smtp://c"
    assert usable_account(now=NOW) == "fallback"
    assert usable_account(now=NOW + timedelta(seconds=1)) == "bulk"


# --------------------------------------------------------------------------------- its age
def test_of_an_account_that_begins_with_fewer_than_a_group_as_many_leave_as_its_day_allows(
    pace: Pace, settings: Settings
) -> None:
    settings.WARM_UP = {"bulk": WarmUp(start=NOW.date(), first=30, growth=2.0, days=3)}

    assert pace.ask(held(), now=NOW) == (30, timedelta(0))
    assert pace.ask(held(), now=NOW) == (0, timedelta(hours=15))
