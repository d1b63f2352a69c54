"""Encrypts the secrets of authenticator apps and recovery codes that were kept as they are."""

from typing import Any

from django.db import migrations

from briefing.admin.ciphering import encrypted


def encrypt(apps: Any, schema_editor: Any) -> None:
    """Safe to run twice: what is encrypted stays as it is."""
    rows = apps.get_model("mfa", "Authenticator").objects.using(schema_editor.connection.alias)
    for row in rows.exclude(type="webauthn"):
        row.data = encrypted(row.data)
        row.save(update_fields=["data"])


class Migration(migrations.Migration):
    dependencies = [
        ("briefing", "0028_trial_kinds"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [migrations.RunPython(encrypt, migrations.RunPython.noop)]
