"""Tables with nothing but a real one's columns and indexes, and rows written into them at once.

No triggers, no foreign keys, nobody asked: what the product's own way of writing costs a row is read
as a ratio to this, on any machine.
"""

import re
import time
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

_MADE_OF = """
SELECT sql FROM sqlite_master
WHERE tbl_name = %s AND sql IS NOT NULL AND type <> 'trigger' ORDER BY rowid
"""
_NAMED = re.compile(r'^(CREATE (?:TABLE|(?:UNIQUE )?INDEX)) "(\w+)"( ON "(\w+)")?')
_REFERENCES = re.compile(r' REFERENCES "\w+" \("\w+"\)( DEFERRABLE INITIALLY DEFERRED)?')


def make(real: str) -> str:
    """Return the name of a table like the real one, made unless it is there from an earlier run."""
    bare = f"bare_{real}"
    if bare in connection.introspection.table_names():
        return bare
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"CREATE TABLE {bare} (LIKE {real} INCLUDING ALL)")
            return bare
        cursor.execute(_MADE_OF, [real])
        for (statement,) in cursor.fetchall():
            named = _NAMED.sub(lambda found: _renamed(*found.groups()), statement)
            cursor.execute(_REFERENCES.sub("", named))
    return bare


def write(bare: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> float:
    """Write rows by one COPY, whose text is made beforehand, or one executemany; return the seconds.

    Rows are as the database gave them, without any conversion.
    """
    return (_copy if connection.vendor == "postgresql" else _insert)(bare, columns, rows)


def _renamed(what: str, name: str, on: str | None, table: str | None) -> str:
    return f'{what} "bare_{name}"' + (f' ON "bare_{table}"' if on else "")


def _copy(bare: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> float:
    text = "\n".join(["\t".join(map(_cell, row)) for row in rows] + [""])
    begun = time.monotonic()
    with (
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy(f"COPY {bare} ({columns}) FROM STDIN") as copying,
    ):
        copying.write(text)
    # As soon as the block is left it is on the disk.
    return time.monotonic() - begun


def _insert(bare: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> float:
    places = ", ".join(["%s"] * len(rows[0]))
    begun = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {bare} ({columns}) VALUES ({places})",
            rows,
        )
    return time.monotonic() - begun


def _cell(value: Any) -> str:
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    return "\\N" if value is None else str(value)
