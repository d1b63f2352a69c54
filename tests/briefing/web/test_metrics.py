"""Figures for a monitor: told to whoever has the token, from counters, and every one explained."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import Settings
from redis import Redis

from briefing import heartbeat
from briefing.dispatch import holding
from briefing.models import Alert, Breaker
from subscribers import unsubscribe
from tests.briefing.dispatch.making import dispatching
from tests.briefing.tracking.making import hear, readers_of, report, sent
from tests.factories import noise
from tests.subscribers.making import NOW, confirmed, origin, pending

pytestmark = [pytest.mark.django_db, pytest.mark.sql]

_TOKEN = "a-token-for-tests-only"
_GUIDE = Path(__file__).parents[3] / "docs" / "deploy" / "watching.md"

Told = dict[str, dict[tuple[str, ...], float]]


@pytest.fixture
def told(client: Client, settings: Settings) -> Callable[[], Told]:
    """Return what a monitor reads, by name and by the labels' values in their names' order."""
    settings.METRICS_TOKEN = _TOKEN

    def ask() -> Told:
        answer = client.get("/metrics", headers={"authorization": f"Bearer {_TOKEN}"})
        assert answer.status_code == 200
        families = text_string_to_metric_families(answer.content.decode())
        return {
            family.name: {tuple(each.labels.values()): each.value for each in family.samples}
            for family in families
        }

    return ask


def test_without_a_token_in_the_settings_there_is_no_such_page(client: Client) -> None:
    answer = client.get("/metrics", headers={"authorization": "Bearer "})
    assert answer.status_code == 404


@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer wrong", f"Basic {_TOKEN}", "Bearer é"])
def test_whoever_has_no_token_is_told_nothing(
    client: Client, settings: Settings, shown: str
) -> None:
    settings.METRICS_TOKEN = _TOKEN
    answer = client.get("/metrics", headers={"authorization": shown})
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_copy_in_which_nothing_happened_tells_so(told: Callable[[], Told]) -> None:
    figures = told()
    assert set(figures["briefing_alive"].values()) == {0}
    assert set(figures["briefing_waiting_seconds"].values()) == {0}
    assert figures["briefing_mail_held"] == {(): 0}
    assert figures["briefing_dispatch_readers"] == {}


def test_signs_of_life_are_told(told: Callable[[], Told], valkey: Redis) -> None:
    heartbeat.give(["beat", "dispatch"])
    alive = told()["briefing_alive"]
    assert {part for (part,), is_alive in alive.items() if is_alive} == {
        "beat",
        "broker",
        "dispatch",
    }


def test_what_waits_is_told_with_how_long(told: Callable[[], Told]) -> None:
    asked = pending("one@example.org")
    type(asked).objects.update(created_at=timezone.now() - timedelta(minutes=5), state="received")
    waiting = told()["briefing_waiting_seconds"]
    assert waiting["signups",] >= 300
    assert waiting["issues",] == 0


def test_readers_are_told_by_newsletter_and_acts_only_grow(told: Callable[[], Told]) -> None:
    noise()
    reader = confirmed("one@example.org")
    confirmed("two@example.org")
    before = told()
    unsubscribe.one_click(reader.subscriber_id, reader.newsletter_id, origin=origin(), now=NOW)
    after = told()

    ours = (reader.newsletter.slug,)
    assert (before["briefing_readers"][ours], after["briefing_readers"][ours]) == (2, 1)
    assert after["briefing_reader_acts"]["joined", *ours] == 2
    assert after["briefing_reader_acts"]["left", *ours] == 1


def test_a_dispatch_is_told_by_outcome_and_by_report_until_reports_are_rare(
    told: Callable[[], Told],
) -> None:
    dispatch = sent(3)
    first, second, _third = readers_of(dispatch)
    hear(report(dispatch, first, "delivered"), report(dispatch, second, "hard"))
    number = str(dispatch.pk)

    figures = told()
    assert figures["briefing_dispatch_readers"][number, "accepted"] == 3
    assert figures["briefing_dispatch_readers"][number, "open"] == 0
    assert figures["briefing_dispatch_reports"] == {
        (number, "delivered"): 1,
        (number, "hard_bounced"): 1,
    }

    type(dispatch).objects.update(state="finished", finished_at=timezone.now() - timedelta(days=3))
    figures = told()
    assert figures["briefing_dispatch_readers"] == {}
    assert figures["briefing_dispatches"]["finished",] == 1


def test_trouble_is_told(told: Callable[[], Told]) -> None:
    now = timezone.now()
    dispatching(1)
    holding.hold("a drill", now=now)
    Alert.objects.create(kind="unknown", key="u", text="Many.", at=now)
    Breaker.objects.create(account="bulk", open_until=now)
    Breaker.objects.create(account="transactional")

    figures = told()
    assert figures["briefing_mail_held"] == {(): 1}
    assert figures["briefing_dispatches"]["holding",] == 1
    assert figures["briefing_alerts"]["unknown",] == 1
    assert figures["briefing_breaker_open"] == {("bulk",): 1, ("transactional",): 0}


def test_the_guide_explains_every_figure(told: Callable[[], Told]) -> None:
    guide = _GUIDE.read_text("utf-8")
    assert [name for name in told() if f"`{name}" not in guide] == []
