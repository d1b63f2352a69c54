"""Tally the readers that are there already; whoever comes later is counted by their own act."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from django.db import migrations

_UTM = ("utm_source", "utm_medium", "utm_campaign")
_COLUMNS = ("newsletter_id", "state", "withheld", "confirmed_at", "unsubscribed_at", "source")


def tally(apps: Any, _editor: Any) -> None:
    """Count from the rows, as subscribers.tally does from then on."""
    now = datetime.now(UTC)
    numbers: Counter[tuple[Any, ...]] = Counter()
    requests = apps.get_model("subscribers", "ConsentRecord").objects.filter(act="requested")
    for newsletter, at in requests.values_list("newsletter_id", "at").iterator(5000):
        day = at.astimezone(UTC).date()
        numbers[newsletter, "day", "signup", day, None, ""] += 1
        numbers[newsletter, "source", "signup", day.replace(day=1), None, ""] += 1
    rows = apps.get_model("subscribers", "Subscription").objects.values_list(*_COLUMNS)
    for newsletter, state, withheld, confirmed_at, unsubscribed_at, told in rows.iterator(5000):
        cohort = confirmed_at.astimezone(UTC).date().replace(day=1)
        source = " / ".join(filter(None, (str(told.get(name, "")).strip() for name in _UTM)))[:320]
        happened = [("joined", confirmed_at)]
        if state != "active":
            happened.append(("left", unsubscribed_at or now))
        elif withheld:
            happened.append(("withheld", now))
        for kind, at in happened:
            day = at.astimezone(UTC).date()
            numbers[newsletter, "day", kind, day, None, ""] += 1
            numbers[newsletter, "cohort", kind, day.replace(day=1), cohort, ""] += 1
            numbers[newsletter, "source", kind, cohort, None, source] += 1
    model = apps.get_model("subscribers", "Tally")
    names = ("newsletter_id", "about", "kind", "at", "joined", "source")
    model.objects.bulk_create(
        (
            model(**dict(zip(names, key, strict=True)), number=number)
            for key, number in numbers.items()
        ),
        batch_size=1000,
    )


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0004_tallies")]

    operations = [migrations.RunPython(tally, migrations.RunPython.noop)]
