"""Copies that bounced are counted once, however they did: a number of its own beside those of each kind."""

from django.db import migrations

# Of reports folded before nobody knows any more which came back both ways: their sum, as it was shown.
_COUNT = """
INSERT INTO briefing_eventcount (dispatch_id, domain, kind, link, number)
SELECT dispatch_id, domain, 12, -1, SUM(number) FROM briefing_eventcount
WHERE kind IN (4, 8) AND link = -1 GROUP BY dispatch_id, domain
"""


class Migration(migrations.Migration):
    dependencies = [("briefing", "0024_events_by_delivery")]

    operations = [
        migrations.RunSQL(_COUNT, "DELETE FROM briefing_eventcount WHERE kind = 12"),
    ]
