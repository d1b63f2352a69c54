"""Empties the database after a test that committed: past the triggers, and only where rows are.

Django's own flush truncates every table. PostgreSQL makes new files for each of them and each of their
indexes, a tenth of a second for a test that left five rows in three tables.
"""

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from subscribers import triggers

# Roles and permissions stay: made from the code, they would be made the same again each time.
_ROLES = {"auth_group", "auth_group_permissions", "auth_permission", "django_content_type"}
# What is deleted keeps its place in the file until the table is truncated.
_FEW_BYTES = 16 * 8192
_SIZES = """
SELECT relname, pg_relation_size(oid) FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname = ANY(%s)
  AND pg_relation_size(oid) > 0
"""


def empty() -> None:
    """Delete every row but those of roles; the ledger's triggers stand guard again afterwards."""
    tables = connection.introspection.django_table_names(include_views=False)
    tables = sorted(set(tables) - _ROLES)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _empty_postgresql(cursor, tables)
        else:
            _empty_sqlite(cursor, tables)
        # A test may have lifted them itself.
        if triggers.missing(connection):
            triggers.install(connection)


def _empty_postgresql(cursor: CursorWrapper, tables: list[str]) -> None:
    """Truncate what is large, with what refers to it, and delete elsewhere."""
    cursor.execute(_SIZES, [tables])
    sizes = dict(cursor.fetchall())
    large = [table for table, size in sizes.items() if size > _FEW_BYTES]
    statements = [f'DELETE FROM "{table}"' for table in sizes if table not in large]
    if large:
        statements.append(f"TRUNCATE {', '.join(large)} CASCADE")
    # No trigger fires, and no foreign key is looked at: nothing is left to refer to anything.
    cursor.execute("; ".join(["SET LOCAL session_replication_role = replica", *statements]))


def _empty_sqlite(cursor: CursorWrapper, tables: list[str]) -> None:
    cursor.execute(
        " UNION ALL ".join(
            f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in tables
        )
    )
    found = [table for (table,) in cursor.fetchall()]
    if not set(triggers.append_only()).isdisjoint(found):
        triggers.remove(connection)
    for table in found:
        cursor.execute(f"DELETE FROM {table}")
