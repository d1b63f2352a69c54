"""A stop takes its turn among the intents of many workers, and those behind it see it."""

import time
from collections.abc import Callable
from threading import Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone

from briefing.dispatch import control, holding
from briefing.dispatch.sql import dialect
from briefing.models import Dispatch, Fence
from tests.briefing.dispatch.making import dispatching

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time"),
]


def pause(dispatch: Dispatch) -> None:
    control.pause(dispatch, reason="a person")


def hold(_dispatch: Dispatch) -> None:
    holding.hold("a person", now=timezone.now())


@pytest.mark.parametrize(("stop", "state"), [(pause, "paused"), (hold, "holding")])
def test_an_intent_behind_a_stop_does_not_overtake_it(
    stop: Callable[[Dispatch], None], state: str
) -> None:
    dispatch = dispatching(1)
    Fence.objects.get_or_create(pk=1)
    seen: list[str] = []

    def intend() -> None:
        with transaction.atomic():
            seen.append(dialect().dispatch_state(dispatch.pk))
        connection.close()

    def throw() -> None:
        stop(dispatch)
        connection.close()

    threads = [Thread(target=throw), Thread(target=intend)]
    with transaction.atomic():
        assert dialect().dispatch_state(dispatch.pk) == "running"
        for number, thread in enumerate(threads, start=1):
            thread.start()
            while waiting() < number and thread.is_alive():
                time.sleep(0.01)  # until it waits for us
        assert seen == []
    for thread in threads:
        thread.join()

    assert seen == [state]


def waiting() -> int:
    """Return how many wait for a lock of this database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])
