from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("subscribers", "0007_retention_runs"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="outbox",
            index=models.Index(
                condition=models.Q(("purpose", "addr_confirm")),
                fields=["created_at"],
                name="outbox_moves_idx",
            ),
        ),
    ]
