"""A ring reaches the broker when there is one, and no page waits when there is none."""

import socket
import time

import pytest
from celery import current_app
from redis import Redis

from subscribers import doorbell, tasks

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_connection_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorbell, "_connection", None)


def test_a_ring_stands_on_the_transactional_queue(valkey: Redis) -> None:
    tasks.work_later(7)
    tasks.send_later(8)
    tasks.send_later(None)

    assert valkey.llen("transactional") == 2


def _point_at(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_app.conf, "broker_url", f"redis://127.0.0.1:{port}/0")


def test_a_hung_broker_costs_one_visitor_a_moment(
    valkey: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        _point_at(silent.getsockname()[1], monkeypatch)
        started = time.monotonic()
        tasks.work_later(7)
        first = time.monotonic() - started
        for _ in range(100):
            tasks.work_later(7)

        assert first < 0.5
        assert time.monotonic() - started - first < 0.1


def test_after_a_silence_the_broker_is_tried_again(
    valkey: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.work_later(1)
    valkey.client_kill_filter(_type="normal", skipme=True)
    tasks.work_later(2)
    monkeypatch.setattr(doorbell, "_silent_until", 0.0)

    tasks.work_later(3)

    assert valkey.llen("transactional") >= 2
