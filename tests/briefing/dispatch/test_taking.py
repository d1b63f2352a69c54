"""What a claim reads of a batch is the last that its holder committed, though both are at it."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from briefing.dispatch.sql import claiming
from briefing.models import Batch
from tests.briefing.dispatch.making import dispatching

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_an_intent_that_commits_while_its_batch_is_taken_over_is_seen(settings: Settings) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one transaction write at a time")
    settings.BATCH_SIZE = 2
    dispatching(2)
    batch = Batch.objects.get()
    over = NOW - timedelta(seconds=1)
    Batch.objects.update(state=Batch.State.CLAIMED, fence=1, claims=1, lease_until=over)
    has_intended = threading.Event()

    def intend() -> None:
        with transaction.atomic():
            Batch.objects.update(intent_upto=2)
            has_intended.set()
            deadline = time.monotonic() + 30
            while not _somebody_waits() and time.monotonic() < deadline:
                pass
        connection.close()

    holder = threading.Thread(target=intend)
    holder.start()
    assert has_intended.wait(30)
    with transaction.atomic():
        taken = claiming.take(batch.pk, fence=2, lease_until=NOW, now=NOW)
    holder.join()

    assert taken
    assert taken.intent_upto == 2, "its readers may have been written to"


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
