"""What a supervisor and a balancer are told: alive, ready, and who gave a sign of life."""

import logging

import pytest
from django.test import Client
from redis import Redis

from briefing import heartbeat, tasks
from briefing.heartbeat import Heart
from tests.briefing.dispatch.making import dispatching
from tests.queue import Doorbell

pytestmark = pytest.mark.django_db

_NOBODY = {"beat": False, "transactional": False, "dispatch": False}


def test_a_server_that_answers_is_alive_without_a_database_or_broker(client: Client) -> None:
    assert client.get("/healthz").json()["status"] == "alive"


def test_without_its_broker_a_server_is_not_ready(client: Client) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {"database": True, "broker": False} | _NOBODY


def test_without_workers_a_server_is_ready_and_says_who_is_missing(
    client: Client, valkey: Redis
) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"database": True, "broker": True} | _NOBODY


def test_the_sweep_is_beats_sign_of_life(client: Client, valkey: Redis) -> None:
    tasks.sweep()

    assert client.get("/readyz").json()["beat"] is True


def test_a_sign_of_life_ends_by_itself(valkey: Redis) -> None:
    heartbeat.give(["dispatch"])

    assert 0 < valkey.ttl("briefing:alive:dispatch") <= heartbeat.KEPT_SECONDS


def test_a_worker_does_not_tell_the_broker_at_each_of_celerys_beats(valkey: Redis) -> None:
    heart = Heart()
    heart.beat(["dispatch"])
    valkey.flushall()
    heart.beat(["dispatch"])

    assert heartbeat.heard() == _NOBODY


def test_a_broker_that_is_away_stops_no_worker_and_no_sweep(
    doorbell: Doorbell, caplog: pytest.LogCaptureFixture
) -> None:
    dispatch = dispatching(1)
    doorbell.rings.clear()
    caplog.set_level(logging.INFO, "briefing.heartbeat")

    heartbeat.give(["dispatch"])
    tasks.sweep()

    assert [ring.args[0] for ring in doorbell.rung("briefing.tasks.drain")] == [dispatch.pk]
    assert caplog.text.count("heartbeat_untold") == 2
