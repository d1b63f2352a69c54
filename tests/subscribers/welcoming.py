"""Makes a welcome series, readers who begin it, and the days that pass."""

from datetime import datetime, timedelta

import time_machine

from subscribers import sending, series, steps
from subscribers.models import Newsletter, SeriesStep, Subscription
from subscribers.steps import Written
from tests.subscribers import making
from tests.subscribers.post import Post

ANNA = "anna@example.com"
NOW = making.NOW
SUBJECTS = {2: "Where to begin", 5: "How we work", 9: "What to follow"}


def lay(newsletter: Newsletter, days: dict[int, str]) -> list[SeriesStep]:
    """Lay a series out and switch it on."""
    row = [
        steps.add(newsletter, Written(day, subject, "", "Hello **you**."), now=NOW)
        for day, subject in days.items()
    ]
    steps.switch_on(newsletter)
    newsletter.refresh_from_db()
    return row


def laid_out() -> list[SeriesStep]:
    """Return the steps as they stand, with their numbers."""
    return list(steps.of(making.newsletter()))


def begun(typed: str = ANNA, *, now: datetime = NOW) -> Subscription:
    """Make a reader who has just confirmed, without the mails that go with it."""
    reader = making.subscription(typed, confirmed_at=now)
    series.begin(reader, now=now)
    return reader


def pass_days(*days: float) -> None:
    """Let the workers do what is due by then, so many days after the beginning."""
    for each in days:
        now = NOW + timedelta(days=each)
        with time_machine.travel(now, tick=False):
            series.list_lost(now=now)
            series.owe_due(now=now, limit=100)
            sending.send_due()


def got(post: Post) -> list[str]:
    """Return the subjects of the steps that were handed over."""
    return [mail.subject for mail in post.mails if mail.purpose == "step"]
