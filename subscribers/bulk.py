"""Reads and writes very many rows of one table at once: by COPY and arrays on PostgreSQL, else SQLite.

For rows whose every column the caller knows, as the database takes it: times by `moment_writer`,
persons by `person_writer`, JSON as text. No model is built and no signal is sent; the database's own
constraints and triggers hold as ever.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import Model

Row = Sequence[Any]

# Below what any SQLite takes as the places of one statement.
_PLACES = 20_000


def moment_writer() -> Callable[[datetime], str]:
    """Return what writes a time as a row of this database has it."""
    if connection.vendor == "postgresql":
        return str
    # A row has no zone here: all are UTC's.
    return lambda at: str(at if at.tzinfo is UTC else at.astimezone(UTC))[: -len("+00:00")]


def person_writer() -> Callable[[str], str]:
    """Return what writes a person's name, small letters with hyphens, as a row has it."""
    if connection.vendor == "postgresql":
        return str
    return lambda name: name.replace("-", "")


def reserve_ids(model: type[Model], number: int) -> list[int]:
    """Return so many new ids of a table, which nobody else gets. Call it inside a transaction."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Looked up once: beside each number it would cost more than the number.
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
            sequence = cursor.fetchone()[0]
            cursor.execute(
                "SELECT array_agg(nextval(%s::regclass)) FROM generate_series(1, %s)",
                [sequence, number],
            )
            return cursor.fetchone()[0] or []
        # The transaction holds SQLite's only writing lock until the rows are in.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        found = cursor.fetchone()
    last = found[0] if found else 0
    return list(range(last + 1, last + 1 + number))


def find(
    model: type[Model], columns: str, *, by: str, values: Sequence[Any], also: str = "TRUE"
) -> list[tuple[Any, ...]]:
    """Return columns of the rows in which `by` is one of very many values and `also` is true."""
    query = f"SELECT {columns} FROM {model._meta.db_table} WHERE {also} AND {by}"  # noqa: S608  a model's own names
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"{query} = ANY(%s)", [list(values)])
            return list(cursor.fetchall())
        found: list[tuple[Any, ...]] = []
        for begin in range(0, len(values), _PLACES):
            part = values[begin : begin + _PLACES]
            cursor.execute(f"{query} IN ({', '.join(['%s'] * len(part))})", part)
            found += cursor.fetchall()
    return found


def insert(
    model: type[Model],
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    same: Mapping[str, Any] | None = None,
) -> None:
    """Insert rows whose values stand in the order of `columns`; `same` is alike in all of them.

    Raises: IntegrityError.
    """
    same = same or {}
    table, names = model._meta.db_table, ", ".join((*columns, *same))
    if connection.vendor == "postgresql":
        constant = tuple(same.values())
        # COPY goes past Django's cursor, and so do its errors unless they are wrapped here.
        with (
            connection.cursor() as cursor,
            connection.wrap_database_errors,
            cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy,
        ):
            write = copy.write_row
            for row in rows:
                write((*row, *constant))
        return
    with connection.cursor() as cursor:
        # Written into the statement, they are not bound once more for each row.
        cursor.execute(f"SELECT {_literals(len(same))}", list(same.values()))
        literals = [each.replace("%", "%%") for each in cursor.fetchone() or ()]
        places = ", ".join((*["%s"] * len(columns), *literals))
        cursor.executemany(
            f"INSERT INTO {table} ({names}) VALUES ({places})",  # noqa: S608  a model's own names
            list(rows),
        )


def _literals(number: int) -> str:
    return ", ".join(["quote(%s)"] * number) or "1 WHERE FALSE"
