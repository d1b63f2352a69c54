"""One number instead of two keeps a second copy from an address: a third less of an index."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# The same step there and back: what is moved twice by its dispatch is where it was.
_MOVED = {
    "postgresql": "address # dispatch_id",
    # SQLite has no exclusive or.
    "sqlite": "(address | dispatch_id) - (address & dispatch_id)",
}


def move(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE briefing_delivery SET address = {_MOVED[connection.vendor]} "
            "WHERE address IS NOT NULL"
        )


def compact(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Have SQLite keep the rows in their primary key's tree again, which Django's ALTER undid."""
    if schema_editor.connection.vendor != "sqlite":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT type, sql FROM sqlite_master "
            "WHERE tbl_name = 'briefing_delivery' AND sql IS NOT NULL ORDER BY type = 'index'"
        )
        (_kind, table), *indexes = cursor.fetchall()
        if table.endswith("WITHOUT ROWID"):
            return
        cursor.execute("ALTER TABLE briefing_delivery RENAME TO briefing_delivery_loose")
        cursor.execute(f"{table} WITHOUT ROWID")
        cursor.execute("INSERT INTO briefing_delivery SELECT * FROM briefing_delivery_loose")
        cursor.execute("DROP TABLE briefing_delivery_loose")
        for _kind, index in indexes:
            cursor.execute(index)


class Migration(migrations.Migration):
    dependencies = [("briefing", "0009_digests")]

    operations = [
        # What is read last runs first on the way back.
        migrations.RunPython(migrations.RunPython.noop, compact),
        migrations.RemoveConstraint("delivery", "delivery_once"),
        migrations.RunPython(move, move),
        migrations.AlterField(
            "delivery",
            "address",
            models.BigIntegerField(
                help_text="Stands for one dispatch to one address: one copy, whoever holds the address.",
                null=True,
            ),
        ),
        migrations.AddConstraint(
            "delivery", models.UniqueConstraint(fields=("address",), name="delivery_once")
        ),
        migrations.RunPython(compact, migrations.RunPython.noop),
    ]
