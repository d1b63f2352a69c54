"""How many confirmations one address, visitor, domain and the site may cause."""

import socket
import time
from datetime import timedelta
from typing import Any

import pytest
from limits import parse_many
from pytest_django.fixtures import Settings
from redis import Redis

from subscribers import address, throttle
from subscribers.models import SignupRequest
from tests.subscribers import making

NOW = making.NOW
ANNA = "anna@example.com"


def _mailed(minutes_ago: int, typed: str = ANNA, **values: Any) -> None:
    parsed = address.parse(typed)
    about = {
        "address": parsed.text,
        "address_key": parsed.key,
        "address_hash": throttle.mailbox_hash(parsed.key),
        "newsletter": making.newsletter(),
        "notice": making.notice(),
        "state": SignupRequest.State.MAILED,
        "created_at": NOW - timedelta(minutes=minutes_ago),
    } | values
    SignupRequest.objects.create(**about)


def _admitted(*, bounced: bool = False) -> bool:
    return throttle.admits_address(ANNA, bounced=bounced, now=NOW)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("minutes_ago", "admitted"),
    [
        ([], True),
        ([14], False),
        ([16], True),
        ([16, 400], True),
        ([16, 400, 1400], False),
        ([16, 400, 1500], True),
    ],
)
def test_an_address_gets_one_in_a_quarter_of_an_hour_and_three_a_day(
    minutes_ago: list[int], *, admitted: bool
) -> None:
    for minutes in minutes_ago:
        _mailed(minutes)
    _mailed(1, "somebody.else@example.com")
    _mailed(1, state=SignupRequest.State.DROPPED)
    _mailed(1, state=SignupRequest.State.RECEIVED)

    assert _admitted() is admitted


@pytest.mark.django_db
def test_the_limit_counts_across_newsletters() -> None:
    _mailed(5, newsletter=making.noise())

    assert not _admitted()


@pytest.mark.django_db
def test_a_bounced_address_is_asked_once_a_day() -> None:
    _mailed(16)

    assert _admitted()
    assert not _admitted(bounced=True)


def test_a_visitor_may_sign_up_five_times_a_minute(valkey: Redis) -> None:
    assert [throttle.admits_visitor("192.0.2.1") for _ in range(7)] == [True] * 5 + [False] * 2
    assert throttle.admits_visitor("192.0.2.2")
    assert valkey.keys("briefing:signup*")


def test_one_household_on_ipv6_is_one_visitor(valkey: Redis) -> None:
    tries = [throttle.admits_visitor(f"2001:db8:1:2::{number}") for number in range(1, 7)]

    assert tries == [True] * 5 + [False]
    assert throttle.admits_visitor("2001:db8:1:3::1")


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("192.0.2.77", "192.0.2.77"),
        ("::ffff:192.0.2.77", "192.0.2.77"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_what_counts_as_one_visitor(ip: str, network: str) -> None:
    assert throttle.visitor_network(ip) == network


def test_without_valkey_this_process_counts_and_nobody_waits(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        settings.REDIS_URL = f"redis://127.0.0.1:{nobody.getsockname()[1]}/0"
    started = time.monotonic()

    assert [throttle.admits_visitor("192.0.2.1") for _ in range(6)] == [True] * 5 + [False]
    assert time.monotonic() - started < 1.0


def test_a_hung_valkey_costs_one_short_wait(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        throttle.admits_visitor("192.0.2.9")
        started = time.monotonic()

        for number in range(50):
            throttle.admits_visitor(f"192.0.2.{number}")

        assert time.monotonic() - started < 0.3


def test_over_a_ceiling_mail_waits_instead_of_being_refused(
    monkeypatch: pytest.MonkeyPatch, valkey: Redis
) -> None:
    monkeypatch.setattr(throttle, "PER_DOMAIN", parse_many("2/hour"))

    delays = [throttle.delay("small.example") for _ in range(3)]

    assert delays == [timedelta(0), timedelta(0), throttle.PRESSURE_DELAY]
    assert throttle.delay("other.example") == timedelta(0)
