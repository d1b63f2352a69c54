"""Fills a fault test's database: readers who confirmed, by SQL, a million in a minute.

A reader's address holds the reader's id, so that a message in the sink's log tells whose it is.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from subscribers.models import Newsletter
from tests.factories import newsletter

_SUBSCRIBERS = {
    "postgresql": """
        INSERT INTO subscribers_subscriber
            (id, person, address, address_key, address_hash, hash_key_id, domain, name, locale,
             time_zone, format, tracking_allowed, attributes, created_at)
        SELECT i, gen_random_uuid(), 'reader' || i || '@' || d, 'reader' || i || '@' || d,
               decode(md5(i::text), 'hex'), 1, d, 'Reader ' || i, 'en', '', 'html', false,
               '{}'::jsonb, now() - interval '1 day'
        FROM (SELECT i, (%s::text[])[1 + i %% %s] AS d FROM generate_series(%s, %s) AS i) AS n
    """,
    "sqlite": """
        WITH RECURSIVE n(i) AS (SELECT %s UNION ALL SELECT i + 1 FROM n WHERE i < %s)
        INSERT INTO subscribers_subscriber
            (id, person, address, address_key, address_hash, hash_key_id, domain, name, locale,
             time_zone, format, tracking_allowed, attributes, created_at)
        SELECT i, lower(hex(randomblob(16))), 'reader' || i || '@' || d, 'reader' || i || '@' || d,
               randomblob(16), 1, d, 'Reader ' || i, 'en', '', 'html', 0, '{}',
               datetime('now', '-1 day')
        FROM (SELECT i, json_extract(%s, '$[' || (i %% %s) || ']') AS d FROM n)
    """,
}
_SUBSCRIPTIONS = """
    INSERT INTO subscribers_subscription
        (subscriber_id, newsletter_id, state, withheld, frequency, confirmed_at,
         unsubscribe_reason, source)
    SELECT id, %s, 'active', '', 'every', created_at, '', '{}'
    FROM subscribers_subscriber WHERE id BETWEEN %s AND %s
"""
_CONSENTS = """
    INSERT INTO subscribers_consentrecord
        (person, newsletter_id, act, page, form, locale, basis, at, context_mac, sha256)
    SELECT person, %s, 'confirmed', '', '', 'en', '', created_at, address_hash, address_hash
    FROM subscribers_subscriber WHERE id BETWEEN %s AND %s
"""
_NEXT_ID = "SELECT setval(pg_get_serial_sequence('subscribers_subscriber', 'id'), %s)"


def subscribe(number: int, *, domains: Sequence[str] = ("mail.example",)) -> range:
    """Make so many confirmed readers, dealt out among the domains; returns their ids."""
    of: Newsletter = newsletter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM subscribers_subscriber")
        first = int(cursor.fetchone()[0]) + 1
        last = first + number - 1
        if connection.vendor == "postgresql":
            given: list[Any] = [list(domains), len(domains), first, last]
        else:
            names = "[" + ",".join(f'"{domain}"' for domain in domains) + "]"
            given = [first, last, names, len(domains)]
        cursor.execute(_SUBSCRIBERS[connection.vendor], given)
        cursor.execute(_SUBSCRIPTIONS, [of.pk, first, last])
        cursor.execute(_CONSENTS, [of.pk, first, last])
        if connection.vendor == "postgresql":
            cursor.execute(_NEXT_ID, [last])
        cursor.execute("ANALYZE")
    return range(first, last + 1)
