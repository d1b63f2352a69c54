"""A post of reports is kept whole, in one transaction, whoever else posts at the same time."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from briefing.models import Event
from briefing.tracking import apply, record, rows
from briefing.web import webhooks
from tests.briefing.tracking.making import report
from tests.briefing.web import hooks
from tests.queue import Doorbell

_POSTS, _EACH, _AT_ONCE = 40, 25, 8


@pytest.mark.django_db(transaction=True)
def test_a_post_waits_for_the_disk_once() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("on PostgreSQL it is one statement")
    record.keep([], now=timezone.now())
    said: list[str] = []
    connection.ensure_connection()
    connection.connection.set_trace_callback(said.append)
    record.keep([report(None, number, "delivered") for number in range(20)], now=timezone.now())
    connection.connection.set_trace_callback(None)
    assert Event.objects.count() == 20
    assert [line for line in said if line.startswith(("BEGIN", "COMMIT"))] == [
        "BEGIN IMMEDIATE",
        "COMMIT",
    ]


@pytest.mark.django_db
def test_every_text_is_kept_as_it_came() -> None:
    """On PostgreSQL a post travels as arrays that are written here, marks and all."""
    texts = [
        '550 "no", she said',
        "back\\slash {1,2}",
        "",
        "NULL",
        "two\nlines\t\x01",
        "Größe №5 🤖",
    ]
    told = [
        report(None, None, "other", key=each, code=each, payload={each: [each]}) for each in texts
    ]
    record.keep(told, now=timezone.now())
    kept = Event.objects.values_list("code", "payload", "link", "by_person")
    wanted = [(each, {each: [each]}, None, None) for each in texts]
    assert sorted(kept, key=str) == sorted(wanted, key=str)


@pytest.mark.django_db
def test_the_same_report_is_one_row_whomever_it_names() -> None:
    whose = [(1, 2), (1, 3), (2, 2), (1, None), (None, 2), (None, None)]
    told = [
        replace(report(None, reader, "clicked", key=key), dispatch_id=dispatch)
        for dispatch, reader in whose
        for key in ("one", "another")
    ]
    # Of the same key, nobody's reports are the same report.
    kept = len(told) - 2 * 2
    record.keep([*told, *told[::3]], now=timezone.now())
    record.keep(reversed(told), now=timezone.now())
    assert Event.objects.count() == kept
    assert len(rows.waiting()) == kept


@pytest.mark.django_db
def test_the_oldest_posts_are_folded_first_and_each_as_a_whole() -> None:
    now = timezone.now()
    for age in (1, 3, 2):
        told = [report(None, number, "other", key=f"{age} {number}") for number in range(age)]
        record.keep(told, now=now - timedelta(hours=age))
    assert [post.size for post in rows.due(now=now, at_least=4)] == [3, 2]
    assert [apply.fold(now=now, limit=4), apply.fold(now=now, limit=4)] == [5, 1]
    assert not rows.waiting()


@pytest.mark.django_db(transaction=True)
def test_a_burst_over_many_connections_is_kept_whole_and_rings_once(
    live_server: LiveServer, settings: Settings, doorbell: Doorbell
) -> None:
    """Every post comes twice, as a provider sends again what it believes was lost."""
    settings.ANYMAIL = dict(hooks.SETTINGS)
    webhooks._view.cache_clear()  # noqa: SLF001  it keeps the settings of its first request
    payload = json.loads((hooks.PAYLOADS / "sendgrid" / "delivered.json").read_text("utf-8"))
    (line,) = payload["body"]
    posts = [
        hooks.post_of(
            "sendgrid",
            {"body": [line | {"sg_event_id": f"{post}-{each}"} for each in range(_EACH)]},
            reference=hooks.a_reference(1, 1),
        ).body
        for post in range(_POSTS)
    ]
    where = urlsplit(live_server.url)

    def send(body: bytes) -> int:
        way = HTTPConnection(where.netloc, timeout=60)
        headers: dict[str, Any] = {
            "Authorization": hooks.basic(),
            "Content-Type": "application/json",
        }
        way.request("POST", "/hooks/sendgrid/", body, headers)
        status = way.getresponse().status
        way.close()
        return status

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        assert set(pool.map(send, posts * 2)) == {200}
    assert Event.objects.count() == _POSTS * _EACH
    # Once a second, however many came.
    assert 1 <= len(doorbell.rung("briefing.tasks.fold")) < _POSTS
