"""What is not folded yet in a table of its own, and eight bytes for a report's key: room for both."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("briefing", "0021_senders_relay")]

    operations = [
        migrations.CreateModel(
            name="Unfolded",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("events", models.TextField()),
                ("size", models.IntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["due_at", "id"], name="unfolded_due_idx")],
            },
        ),
        migrations.AddField("event", "digest", models.BigIntegerField(null=True)),
        # What goes away has to come back empty, on the way back.
        migrations.AlterField("event", "key", models.CharField(max_length=80, null=True)),
        migrations.AlterField("event", "due_at", models.DateTimeField(null=True)),
    ]
