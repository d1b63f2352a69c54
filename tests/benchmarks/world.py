"""Makes what a measurement of the engine starts from: readers by SQL, and a 20 KB edition."""

from datetime import datetime

from django.db import connection
from django.utils import timezone

from briefing.models import (
    Dispatch,
    DispatchCount,
    Edition,
    EditionVariant,
    Issue,
)
from subscribers.models import Newsletter, Subscriber

_READERS = {
    "postgresql": """
        INSERT INTO subscribers_subscriber
            (id, person, address, address_key, address_hash, hash_key_id, domain, name, locale,
             time_zone, format, tracking_allowed, attributes, created_at)
        SELECT i, gen_random_uuid(), 'reader' || i || '@mail.example',
               'reader' || i || '@mail.example', decode(md5(i::text), 'hex'), 1, 'mail.example',
               'Reader ' || i, 'en', '', 'html', false, '{}'::jsonb, now()
        FROM generate_series(%s, %s) AS i
    """,
    "sqlite": """
        WITH RECURSIVE n(i) AS (SELECT %s UNION ALL SELECT i + 1 FROM n WHERE i < %s)
        INSERT INTO subscribers_subscriber
            (id, person, address, address_key, address_hash, hash_key_id, domain, name, locale,
             time_zone, format, tracking_allowed, attributes, created_at)
        SELECT i, lower(hex(randomblob(16))), 'reader' || i || '@mail.example',
               'reader' || i || '@mail.example', randomblob(16), 1, 'mail.example',
               'Reader ' || i, 'en', '', 'html', 0, '{}', datetime('now')
        FROM n
    """,
}
_SUBSCRIPTIONS = """
    INSERT INTO subscribers_subscription
        (subscriber_id, newsletter_id, state, withheld, frequency, confirmed_at,
         unsubscribe_reason, source)
    SELECT id, %s, 'active', '', 'every', created_at, '', '{}' FROM subscribers_subscriber
    WHERE id >= %s
"""
_WORDS = "A plant in Nagoya lets its robots stop and call a person before they weld. "
_SLOTS = ("unsubscribe_url", "preferences_url", "view_url", "address", "name|there")


def readers(number: int) -> Newsletter:
    """Fill the database with confirmed readers of one newsletter, up to so many in all."""
    newsletter, _made = Newsletter.objects.get_or_create(
        slug="robotics",
        defaults={
            "name": "The Robotics Briefing",
            "tagline": "Weekly intelligence",
            "promise": "No spam.",
            "from_name": "The Robotics Briefing",
            "from_address": "desk@news.example",
            "reply_to": "editors@news.example",
            "postal_address": "Lindenhof 7, 10115 Berlin",
        },
    )
    first = Subscriber.objects.count() + 1
    with connection.cursor() as cursor:
        cursor.execute(_READERS[connection.vendor], [first, number])
        cursor.execute(_SUBSCRIPTIONS, [newsletter.pk, first])
        cursor.execute("ANALYZE")
    return newsletter


def dispatch(newsletter: Newsletter, *, now: datetime | None = None) -> Dispatch:
    """Make a running dispatch of an edition of 20 KB on the wire with 34 slots in its parts."""
    now = now or timezone.now()
    number = Issue.objects.filter(newsletter=newsletter).count() + 1
    issue = Issue.objects.create(newsletter=newsletter, number=number, subject="Robots that ask")
    edition = Edition.objects.create(issue=issue, sha256="0" * 64, compiled_at=now)
    EditionVariant.objects.create(
        edition=edition,
        key="locale=en;format=html",
        locale="en",
        subject=["Robots that ask first"],
        html=_segments(25, 14_500),
        text=_segments(9, 3_400),
        sha256="0" * 64,
    )
    made = Dispatch.objects.create(
        issue=issue,
        edition=edition,
        state=Dispatch.State.RUNNING,
        ceiling=2**62,
        created_at=now,
        started_at=now,
    )
    DispatchCount.objects.create(dispatch=made)
    return made


def _segments(slots: int, size: int) -> list[str]:
    """Return [segment, slot, ..., segment] with about `size` characters of constant text."""
    each = (_WORDS * (size // len(_WORDS) + 1))[: size // (slots + 1)]
    parts: list[str] = [f"<p>{each}</p>\n"]
    for index in range(slots):
        parts += [_SLOTS[index % len(_SLOTS)], f"<p>{each}</p>\n"]
    return parts
