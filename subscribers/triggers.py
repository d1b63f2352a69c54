"""Database triggers that make ledgers append-only, on PostgreSQL and SQLite alike."""

from collections.abc import Iterator
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

# Rows of these tables are written once; nothing may change or remove them.
APPEND_ONLY = (
    "subscribers_consentnotice",
    "subscribers_consentrecord",
    "subscribers_consentseal",
    "subscribers_consentleaf",
)
# Tables of other apps that ask for the same protection when Django is ready.
_also_append_only: list[str] = []
# Context (shortened address, user agent) may be deleted when its time is over, never altered.
NO_UPDATE = ("subscribers_consentcontext",)

_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION briefing_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% of % is refused: append-only', TG_OP, TG_TABLE_NAME; END $$
"""

_SWITCHED_OFF = """
SELECT tgname, tgrelid::regclass FROM pg_trigger WHERE tgname = ANY(%s) AND tgenabled IN ('D', 'R')
"""


def protect(table: str) -> None:
    """Make another app's table append-only, from the next migrate or install on."""
    if table not in _also_append_only:
        _also_append_only.append(table)


def append_only() -> tuple[str, ...]:
    """Return every table whose rows are written once."""
    return (*APPEND_ONLY, *_also_append_only)


def install(connection: BaseDatabaseWrapper) -> None:
    """Create every trigger that is missing or switched off. Safe to run any number of times."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL_FUNCTION)
        for statement in _statements(connection.vendor):
            cursor.execute(statement)
        if connection.vendor == "postgresql":
            # Only those: it takes the table for itself, and no row of it may be on its way.
            cursor.execute(_SWITCHED_OFF, [[_name(*guard) for guard in _guards("postgresql")]])
            for name, table in cursor.fetchall():
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {name}")


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop every trigger. Only a test's flush and a rebuild of the table have a reason to."""
    with connection.cursor() as cursor:
        for table, operation in _guards(connection.vendor):
            name = _name(table, operation)
            on_table = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on_table}")


def missing(connection: BaseDatabaseWrapper) -> set[str]:
    """Return the names of triggers that should stand guard and do not."""
    query = (
        # A trigger that is switched off (D), or fires for replication only (R), guards nothing.
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        present = {row[0] for row in cursor.fetchall()}
    return {_name(*guard) for guard in _guards(connection.vendor)} - present


def install_after_migrate(using: str, **_: Any) -> None:
    """Receiver for post_migrate; waits until all ledger tables exist."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    if tables.issuperset((*append_only(), *NO_UPDATE)):
        install(connection)


def _guards(vendor: str) -> Iterator[tuple[str, str]]:
    for table in append_only():
        yield table, "update"
        yield table, "delete"
        if vendor == "postgresql":
            yield table, "truncate"
    for table in NO_UPDATE:
        yield table, "update"


def _name(table: str, operation: str) -> str:
    return f"{table}_no_{operation}"


def _statements(vendor: str) -> Iterator[str]:
    for table, operation in _guards(vendor):
        name = _name(table, operation)
        if vendor == "postgresql":
            level = "STATEMENT" if operation == "truncate" else "ROW"
            yield (
                f"CREATE OR REPLACE TRIGGER {name} BEFORE {operation.upper()} ON {table} "
                f"FOR EACH {level} EXECUTE FUNCTION briefing_refuse_change()"
                if level == "ROW"
                else f"DROP TRIGGER IF EXISTS {name} ON {table}; "
                f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION briefing_refuse_change()"
            )
        else:
            yield (
                f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {operation.upper()} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{operation} of {table} is refused: append-only'); END"
            )
