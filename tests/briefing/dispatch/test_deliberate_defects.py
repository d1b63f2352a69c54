"""Each guard, taken out: a test that is named here must then fail, or it guards nothing.

The guards are taken out from outside; the named test runs as it stands.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections
from pytest_django import Settings

from briefing.dispatch import intents, recovery
from briefing.dispatch.sql import progress
from briefing.models import Batch
from tests.briefing.dispatch import test_guards, test_recovery, test_sender

Patch = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def _small_groups(settings: Settings) -> None:
    settings.GROUP_SIZE, settings.BATCH_SIZE = 4, 8


@contextmanager
def without_the_lock(patch: Patch) -> Iterator[None]:
    """Read subscriptions as anybody reads them."""
    database = connections["default"]
    # It learns its way to begin a transaction when it connects.
    database.ensure_connection()
    if database.vendor != "postgresql":
        patch.setattr(database, "transaction_mode", "DEFERRED")

    def unlocked(execute: Any, sql: str, *rest: Any) -> Any:
        return execute(sql.replace(" FOR SHARE", ""), *rest)

    with database.execute_wrapper(unlocked):
        yield


@contextmanager
def without_the_fence(patch: Patch) -> Iterator[None]:
    """Let whoever asks be the batch's owner."""
    whole = progress.commit_intent

    def anybody(batch_id: int, _fence: int, **about: Any) -> bool:
        owner = Batch.objects.values_list("fence", flat=True).get(pk=batch_id)
        return whole(batch_id, owner, **about)

    patch.setattr(progress, "commit_intent", anybody)
    yield


@contextmanager
def without_unknown_rows(patch: Patch) -> Iterator[None]:
    """Recover a batch as if nothing of it had been on its way."""
    patch.setattr(recovery, "_left_in_flight", lambda *_args, **_about: [])
    yield


@contextmanager
def without_the_skip(patch: Patch) -> Iterator[None]:
    """Write to whoever was planned."""
    patch.setattr(intents, "reason_to_skip", lambda reader, _taken: "" if reader else "erased")
    yield


@contextmanager
def without_the_deadline(patch: Patch) -> Iterator[None]:
    """Start copies for as long as it takes."""
    patch.setattr(intents, "deadline", lambda started: started + 1e9)
    yield


@contextmanager
def without_the_constraint(_patch: Patch) -> Iterator[None]:
    """Keep no second copy from an address in the database; the test's rollback brings it back."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE briefing_delivery DROP CONSTRAINT delivery_once")
        else:
            cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'briefing_delivery'")
            table = cursor.fetchone()[0]
            cursor.execute("DROP TABLE briefing_delivery")
            cursor.execute(table.replace('CONSTRAINT "delivery_once" UNIQUE ("address"), ', ""))
    yield


Defect = Callable[[Patch], Any]


def fails(defect: Defect, named: Callable[..., None], patch: Patch, **fixtures: Any) -> None:
    """Run a named test with the defect in: it must fail, and by what it asserts."""
    with defect(patch), pytest.raises(AssertionError):
        named(**fixtures)


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_a_withdrawal_slips_in(monkeypatch: Patch) -> None:
    named = test_guards.test_a_withdrawal_waits_for_an_intent_that_has_looked_already
    fails(without_the_lock, named, monkeypatch, monkeypatch=monkeypatch)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("defect", "named"),
    [
        (
            without_the_fence,
            test_recovery.test_a_worker_that_lost_its_fence_commits_no_further_intent,
        ),
        (without_unknown_rows, test_recovery.test_without_a_journal_the_whole_group_is_unknown),
        (
            without_the_skip,
            test_sender.test_whoever_unsubscribes_after_planning_is_skipped_with_the_reason,
        ),
        (
            without_the_constraint,
            test_guards.test_of_two_readers_with_one_address_only_one_row_has_its_key,
        ),
    ],
)
def test_without_a_guard_its_test_fails(
    defect: Defect, named: Callable[..., None], monkeypatch: Patch
) -> None:
    fails(defect, named, monkeypatch)


@pytest.mark.django_db
def test_without_the_deadline_its_test_fails(monkeypatch: Patch, settings: Settings) -> None:
    named = test_guards.test_nothing_is_started_that_could_be_answered_only_after_the_lease
    fails(without_the_deadline, named, monkeypatch, settings=settings)
