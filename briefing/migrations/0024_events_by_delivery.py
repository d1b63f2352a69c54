"""One index for "once" and for a reader's reports; what the list of the unfolded says, no row says."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("briefing", "0023_list_unfolded_events")]

    operations = [
        migrations.RemoveConstraint("event", "event_once"),
        migrations.RemoveIndex("event", "event_delivery_idx"),
        migrations.RemoveIndex("event", "event_unfolded_idx"),
        migrations.RemoveField("event", "key"),
        migrations.RemoveField("event", "due_at"),
        migrations.RemoveField("event", "folded_at"),
        migrations.AlterField("event", "digest", models.BigIntegerField()),
        migrations.AddConstraint(
            "event",
            models.UniqueConstraint(
                fields=("dispatch_id", "subscriber_id", "digest"), name="event_once"
            ),
        ),
        migrations.AddConstraint(
            "event",
            models.UniqueConstraint(
                condition=Q(("dispatch_id", None), ("subscriber_id", None), _connector="OR"),
                fields=("digest",),
                name="event_once_of_nobody",
            ),
        ),
    ]
