"""Writes very many rows of one table at once: by COPY on PostgreSQL, by one statement on SQLite.

For rows whose every column the caller knows; JSON comes as text. No model is built and no signal is
sent; the database's own constraints and triggers hold as ever.
"""

import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, Model, UUIDField

Row = Sequence[Any]


def reserve_ids(model: type[Model], number: int) -> list[int]:
    """Return so many new ids of a table, which nobody else gets. Call it inside a transaction."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Looked up once: beside each number it would cost more than the number.
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
            sequence = cursor.fetchone()[0]
            cursor.execute(
                "SELECT nextval(%s::regclass) FROM generate_series(1, %s)", [sequence, number]
            )
            return [each for (each,) in cursor.fetchall()]
        # The transaction holds SQLite's only writing lock until the rows are in.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        found = cursor.fetchone()
    last = found[0] if found else 0
    return list(range(last + 1, last + 1 + number))


def insert(model: type[Model], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows whose values stand in the order of `columns`. Raises: IntegrityError."""
    table, names = model._meta.db_table, ", ".join(columns)
    if connection.vendor == "postgresql":
        # COPY goes past Django's cursor, and so do its errors unless they are wrapped here.
        with (
            connection.cursor() as cursor,
            connection.wrap_database_errors,
            cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy,
        ):
            write = copy.write_row
            for row in _as_text(model, columns, rows):
                write(row)
        return
    places = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({names}) VALUES ({places})",  # noqa: S608  a model's own names
            list(_as_text(model, columns, rows)),
        )


def _as_text(model: type[Model], columns: Sequence[str], rows: Iterable[Row]) -> Iterable[Row]:
    """Write times as text, which most rows share, and UUIDs as Django does on SQLite."""
    fields = {field.column: field for field in model._meta.local_concrete_fields}
    turns: list[tuple[int, Callable[[Any], str]]] = [
        (place, _moment)
        for place, name in enumerate(columns)
        if isinstance(fields[name], DateTimeField)
    ]
    if connection.vendor != "postgresql":
        turns += [
            (place, _hex)
            for place, name in enumerate(columns)
            if isinstance(fields[name], UUIDField)
        ]
    for row in rows:
        values = list(row)
        for place, turn in turns:
            if values[place] is not None:
                values[place] = turn(values[place])
        yield values


@lru_cache(maxsize=4096)
def _moment(value: datetime) -> str:
    return str(connection.ops.adapt_datetimefield_value(value))


def _hex(value: uuid.UUID | str) -> str:
    return str(value).replace("-", "")
