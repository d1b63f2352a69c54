"""On SQLite, keep deliveries in their primary key's own tree: half the bytes of a row with a rowid."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def compact(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor != "sqlite":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT type, sql FROM sqlite_master "
            "WHERE tbl_name = 'briefing_delivery' AND sql IS NOT NULL ORDER BY type = 'index'"
        )
        statements = cursor.fetchall()
        cursor.execute("DROP TABLE briefing_delivery")
        for kind, sql in statements:
            cursor.execute(f"{sql} WITHOUT ROWID" if kind == "table" else sql)


class Migration(migrations.Migration):
    dependencies = [("briefing", "0001_initial")]

    # Reversing leaves the table as it is: both forms hold the same rows.
    operations = [migrations.RunPython(compact, migrations.RunPython.noop)]
