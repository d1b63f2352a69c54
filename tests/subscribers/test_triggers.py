"""The ledger's tables refuse every change, on both databases, and the refusal cannot be lost."""

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from subscribers import triggers
from subscribers.models import (
    ConsentContext,
    ConsentLeaf,
    ConsentNotice,
    ConsentRecord,
    ConsentSeal,
)
from tests import factories
from tests.emptying import empty

pytestmark = pytest.mark.django_db

IS_POSTGRESQL = connection.vendor == "postgresql"


@pytest.fixture
def _ledger() -> None:
    """Write one row into every table of the ledger."""
    notice = factories.notice()
    record = ConsentRecord.objects.create(
        person="00000000-0000-4000-8000-000000000001",
        act=ConsentRecord.Act.REQUESTED,
        notice=notice,
        at=factories.NOW,
        context_mac=b"mac",
        sha256=b"hash",
    )
    ConsentContext.objects.create(
        record=record, ip="192.0.2.0", salt=b"salt", created_at=factories.NOW
    )
    seal = ConsentSeal.objects.create(
        root=b"root", previous=b"none", sha256=b"hash", records=1, sealed_at=factories.NOW
    )
    ConsentLeaf.objects.create(record=record, seal=seal, position=0)
    # PostgreSQL truncates no table that still has foreign keys to check.
    connection.check_constraints()


def refused(statement: str) -> bool:
    """Whether the database refuses a statement, saying why."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        return "append-only" in str(error)
    return False


def changes(table: str) -> list[str]:
    """Return every way in which this database can change or remove rows of a table."""
    column = "position" if table.endswith("leaf") else "id"
    last = (
        f"TRUNCATE {table} CASCADE"
        if IS_POSTGRESQL
        else f"REPLACE INTO {table} SELECT * FROM {table}"
    )
    return [f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}", last]


@pytest.mark.usefixtures("_ledger")
@pytest.mark.parametrize("table", triggers.APPEND_ONLY)
def test_a_row_of_the_ledger_cannot_be_changed_replaced_or_removed(table: str) -> None:
    for statement in changes(table):
        assert refused(statement), statement


@pytest.mark.usefixtures("_ledger")
def test_an_upsert_is_a_change_and_refused_as_one() -> None:
    assert refused(
        "INSERT INTO subscribers_consentleaf (record_id, seal_id, position) "
        "SELECT record_id, seal_id, 7 FROM subscribers_consentleaf WHERE position = 0 "
        "ON CONFLICT (record_id) DO UPDATE SET position = 7"
    )


@pytest.mark.usefixtures("_ledger")
def test_a_context_may_be_deleted_and_never_altered() -> None:
    assert refused("UPDATE subscribers_consentcontext SET ip = '198.51.100.0'")
    assert ConsentContext.objects.all().delete()[0] == 1


@pytest.mark.usefixtures("_ledger")
def test_the_orm_is_refused_like_everybody_else() -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ConsentNotice.objects.update(text="Another promise.")


def test_every_trigger_is_there_after_migrating() -> None:
    assert triggers.missing(connection) == set()


def test_a_lost_trigger_is_missed_and_comes_back_with_the_next_migrate() -> None:
    triggers.remove(connection)
    lost = triggers.missing(connection)
    guarded = len(triggers.append_only())
    assert len(lost) == 2 * guarded + 1 + IS_POSTGRESQL * guarded
    call_command("migrate", verbosity=0)
    assert triggers.missing(connection) == set()


@pytest.mark.skipif(not IS_POSTGRESQL, reason="SQLite cannot switch a trigger off")
def test_a_trigger_that_is_switched_off_is_missed_and_switched_on_again() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE subscribers_consentrecord DISABLE TRIGGER USER")
    assert "subscribers_consentrecord_no_delete" in triggers.missing(connection)
    triggers.install(connection)
    assert triggers.missing(connection) == set()


def test_installing_twice_is_installing_once() -> None:
    triggers.install(connection)
    triggers.install(connection)
    assert triggers.missing(connection) == set()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_ledger")
def test_a_test_that_commits_leaves_a_guarded_ledger_behind() -> None:
    empty()
    assert not ConsentNotice.objects.exists()
    assert triggers.missing(connection) == set()
