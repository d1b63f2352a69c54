"""Takes a newsletter's readers along: as the lines of a CSV file, however many there are.

Before it: subscriptions. After it: a file whose columns `columns` understands. The database writes the
lines itself, so a reader costs this process nothing.
"""

from collections.abc import Iterator

from django.db import connection
from django.db.models import Max, Min

from subscribers.models import Newsletter, Subscription

# Of so many ids at once: no portion costs more than the first, and none is held for long.
_IDS_AT_ONCE = 10_000
HEADER = (
    *("email", "name", "status", "confirmed_at", "unsubscribed_at", "paused_until"),
    *("frequency", "topics", "language", "time_zone", "format", "source"),
)

# What the two databases say in different words.
_WORDS = {
    "postgresql": {
        # Looked up one by one, whatever the planner believes: it would read all readers for each
        # portion, and right after an import, knowing nothing yet, all of them for each line.
        "readers": """CROSS JOIN LATERAL (
            SELECT * FROM subscribers_subscriber r WHERE r.id = s.subscriber_id OFFSET 0) p""",
        "together": "string_agg(line, '' ORDER BY id)",
        "end": "chr(13) || chr(10)",
        "moment": """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"')""",
        "pairs": """(SELECT string_agg(key || '=' || value, ' ' ORDER BY key)
                    FROM jsonb_each_text(s.source))""",
        "nothing": "'{}'::jsonb",
        "slugs": "string_agg(slug, ' ' ORDER BY slug)",
    },
    "sqlite": {
        "readers": "JOIN subscribers_subscriber p ON p.id = s.subscriber_id",
        "together": "group_concat(line, '')",
        "end": "char(13, 10)",
        "moment": "replace(substr({}, 1, 19), ' ', 'T') || '+00:00'",
        "pairs": """(SELECT group_concat(key || '=' || value, ' ')
                    FROM (SELECT key, value FROM json_each(s.source) ORDER BY key))""",
        "nothing": "'{}'",
        "slugs": "group_concat(slug, ' ')",
    },
}
_TOPICS = """
SELECT {slugs} FROM (
    SELECT t.slug FROM subscribers_topic t
    JOIN subscribers_subscription_topics f ON f.topic_id = t.id
    WHERE f.subscription_id = s.id ORDER BY t.slug
) AS followed
"""
_LINES = """
SELECT {together} FROM (
    SELECT s.subscriber_id AS id, {line} || {end} AS line
    FROM subscribers_subscription s {readers}
    WHERE s.newsletter_id = %(newsletter)s AND s.withheld <> 'erased'
        AND s.subscriber_id BETWEEN %(first)s AND %(last)s
    ORDER BY s.subscriber_id
) AS lines
"""
# In the words that an import understands.
_STATUS = """CASE WHEN s.state <> 'active' THEN 'unsubscribed'
    WHEN s.withheld <> '' THEN 'suppressed' ELSE 'subscribed' END"""


def lines(newsletter: Newsletter) -> Iterator[str]:
    """Yield the header, then the lines of all readers who are not erased, oldest first, many at once."""
    yield f"{','.join(HEADER)}\r\n"
    ids = Subscription.objects.filter(newsletter=newsletter).aggregate(
        first=Min("subscriber_id"), last=Max("subscriber_id")
    )
    if ids["first"] is None:
        return
    statement = _statement()
    for begin in range(ids["first"], ids["last"] + 1, _IDS_AT_ONCE):
        with connection.cursor() as cursor:
            of = {"newsletter": newsletter.pk, "first": begin, "last": begin + _IDS_AT_ONCE - 1}
            cursor.execute(statement, of)
            (portion,) = cursor.fetchone()
        if portion:
            yield portion


def _statement() -> str:
    words = _WORDS[connection.vendor]
    # Most lists have no topics at all, and looking for them is half of the work.
    followed = Subscription.topics.through.objects.exists()
    source = f"CASE WHEN s.source = {words['nothing']} THEN '' ELSE {_told(words['pairs'])} END"
    cells = (
        _told("p.address"),
        _told("p.name"),
        _STATUS,
        words["moment"].format("s.confirmed_at"),
        f"COALESCE({words['moment'].format('s.unsubscribed_at')}, '')",
        "COALESCE(CAST(s.paused_until AS text), '')",
        "s.frequency",
        f"COALESCE(({_TOPICS.format(**words)}), '')" if followed else "''",
        "p.locale",
        "p.time_zone",
        "p.format",
        source,
    )
    return _LINES.format(line=" || ',' || ".join(cells), **words)


def _told(cell: str) -> str:
    """Return a cell of somebody's own words, in quotation marks, and harmless to a spreadsheet."""
    # What a spreadsheet would take for a formula. Source: OWASP, CSV Injection.
    formula = f"CASE WHEN substr({cell}, 1, 1) IN ('=', '+', '-', '@') THEN '''' ELSE '' END"
    return f"""'"' || {formula} || replace({cell}, '"', '""') || '"'"""
