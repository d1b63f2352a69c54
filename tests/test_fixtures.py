"""What the tests stand on: a world of their own, a doorbell, and the real queue on request."""

import os
import socket
from uuid import uuid4

import pytest
from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils import timezone, translation
from pytest_django import Settings
from redis import Redis

from briefing.archive.freshness import Memory
from subscribers import departures, lately
from tests.environment import LOCAL_DIR
from tests.queue import Doorbell, Ring

_MEMORY = Memory()


@shared_task
def count_down(number: int) -> None:
    """Ring again until nothing is left to count."""
    if number:
        count_down.delay(number - 1)


def test_a_run_has_keys_folder_and_servers_of_its_own() -> None:
    assert settings.MODE == "test"
    assert LOCAL_DIR == settings.LOCAL_DIR
    assert os.environ["PUBLIC_BASE_URL"] == "http://testserver"
    assert not any(name.startswith("ANYMAIL_") for name in os.environ)


def test_mail_that_slips_out_of_a_test_is_refused() -> None:
    host, _, port = settings.EMAIL_URL.removeprefix("smtp://").partition(":")
    with pytest.raises(ConnectionRefusedError), socket.create_connection((host, int(port))):
        pass


@pytest.mark.parametrize("turn", ["first", "second"])
def test_the_language_of_the_test_before_is_forgotten(turn: str) -> None:
    assert translation.get_language() == settings.LANGUAGE_CODE, turn
    translation.activate("de")


@pytest.mark.django_db
def test_the_database_is_the_runs_own() -> None:
    name = str(connection.settings_dict["NAME"])
    assert name.startswith(str(LOCAL_DIR)) if connection.vendor == "sqlite" else "test_" in name


def test_a_doorbell_is_written_down_and_answered_when_asked(doorbell: Doorbell) -> None:
    count_down.delay(2)
    assert doorbell.rung("tests.test_fixtures.count_down") == doorbell.rings
    assert doorbell.rings == [Ring("tests.test_fixtures.count_down", (2,), {})]
    assert doorbell.answer() == 3
    assert not doorbell.rings


def test_a_doorbell_that_never_stops_is_an_error(doorbell: Doorbell) -> None:
    count_down.delay(10)
    with pytest.raises(AssertionError, match="still ringing"):
        doorbell.answer(at_most=3)


def test_who_asks_for_valkey_has_the_real_queue_and_cache(valkey: Redis) -> None:
    cache.set("greeting", "hello")
    count_down.delay(0)
    assert valkey.llen("transactional") == 1
    assert len(valkey.keys("*:greeting")) == 1


@pytest.mark.parametrize("turn", ["first", "second"])
def test_every_test_begins_with_an_empty_cache(turn: str) -> None:
    assert cache.get("turn") is None
    cache.set("turn", turn)


@pytest.mark.parametrize("turn", ["first", "second"])
def test_every_test_begins_with_a_process_that_remembers_nothing(
    turn: str, settings: Settings, db: None
) -> None:
    settings.PAGE_CACHE_SECONDS = 60

    assert lately.recall("turn", lambda: turn) == turn
    assert _MEMORY.recall("turn", lambda: turn) == turn


@pytest.mark.parametrize("turn", ["first", "second"])
def test_nobody_has_departed_from_another_tests_database(turn: str) -> None:
    assert not list(departures.read()), turn
    departures.note(departures.Act(timezone.now(), "withdrawn", uuid4(), 1))
