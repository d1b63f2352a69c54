"""Runs the statements that stand between groups: they cost as much as the rows when they are slow.

On PostgreSQL the server keeps each of them prepared, planned once a connection; Django's own cursors
send the whole text with the values in it every time. A pooler's connections are everybody's: nothing
is prepared on them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections

# The cursor of each of Django's connections: a new one for every statement would cost as much as its
# answer. By Django's and not by the driver's: a cursor holds on to that, and nothing would ever go.
_cursors: "WeakKeyDictionary[Any, Any]" = WeakKeyDictionary()


def rows(statement: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows."""
    cursor = _cursor()
    cursor.execute(statement, parameters)
    found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def changes(statement: str, parameters: Sequence[object]) -> int:
    """Run a statement and return how many rows it changed."""
    cursor = _cursor()
    cursor.execute(statement, parameters)
    return int(cursor.rowcount)


def moment(value: datetime) -> object:
    """Return a time as the database in use is given it."""
    return connection.ops.adapt_datetimefield_value(value)


def array(values: Iterable[object]) -> str:
    """Write numbers as PostgreSQL reads an array of them: psycopg takes ten times as long."""
    written = ["NULL" if value is None else str(value) for value in values]
    return f"{{{','.join(written)}}}"


def _cursor() -> Any:
    """Return a cursor; on PostgreSQL one whose values are bound by the server."""
    # Looked up once: each look through django.db.connection costs as much as a row.
    database: Any = connections[DEFAULT_DB_ALIAS]
    if database.vendor != "postgresql":
        return database.cursor()
    database.ensure_connection()
    driver, cursor = database.connection, _cursors.get(database)
    if cursor is None or cursor.connection is not driver:
        if not settings.DATABASE_POOLED:
            # Django has the driver prepare nothing; of all cursors only this one can be prepared for.
            driver.prepare_threshold = 1
        cursor = _cursors[database] = _server_binding()(driver)
    wrap = database.make_debug_cursor if database.queries_logged else database.make_cursor
    return wrap(cursor)


def _server_binding() -> Any:
    # Without psycopg there is no such module, and no need for it.
    return import_module("django.db.backends.postgresql.base").ServerBindingCursor
