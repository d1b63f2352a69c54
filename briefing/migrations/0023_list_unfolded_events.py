"""Reports kept so far: their digests, and which of them are not folded yet."""

import hashlib

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# The same number as briefing.tracking.record makes of a reporter and its key.
_DIGEST = {
    "postgresql": (
        "('x' || left(encode(sha256(convert_to(provider || ' ' || key, 'UTF8')), 'hex'), 16))"
        "::bit(64)::bigint"
    ),
    "sqlite": "briefing_digest(provider || ' ' || key)",
}


def there(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            connection.connection.create_function("briefing_digest", 1, _digest)
        cursor.execute(f"UPDATE briefing_event SET digest = {_DIGEST[connection.vendor]}")
        cursor.execute(
            "INSERT INTO briefing_unfolded (due_at, events, size) "
            "SELECT due_at, CAST(id AS varchar(20)), 1 FROM briefing_event WHERE folded_at IS NULL"
        )


def back(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    with schema_editor.connection.cursor() as cursor:
        # A key cannot be had from its digest; a report that comes once more will be another one.
        cursor.execute(
            "UPDATE briefing_event SET key = CAST(digest AS varchar(80)), "
            "due_at = received_at, folded_at = received_at"
        )
        cursor.execute("SELECT events FROM briefing_unfolded")
        for (events,) in cursor.fetchall():
            cursor.execute(f"UPDATE briefing_event SET folded_at = NULL WHERE id IN ({events})")
        cursor.execute("DELETE FROM briefing_unfolded")


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)


class Migration(migrations.Migration):
    dependencies = [("briefing", "0022_events_written_once")]

    operations = [migrations.RunPython(there, back)]
