"""Finds articles by their words, in SQLite and in PostgreSQL, behind one function."""

import re
import unicodedata
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from briefing.archive import reading, search_index
from briefing.models import Article, Author
from subscribers.models import Topic

MAX_QUERY = 200
_RESULTS = 30
_WORDS = 12
# Marks round what was found. No text can hold them: they are not characters.
FOUND, FOUND_END = "\ufdd0", "\ufdd1"

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
# A word in the headline counts ten times one in the text.
_SQLITE = """
SELECT article.id, snippet(briefing_articlesearch, -1, %s, %s, '…', 40)
FROM briefing_articlesearch
JOIN briefing_article AS article ON article.id = briefing_articlesearch.rowid
WHERE briefing_articlesearch MATCH %s AND status = 'published' AND published_at <= %s
ORDER BY bm25(briefing_articlesearch, 10.0, 4.0, 1.0)
LIMIT %s
"""
_POSTGRESQL = """
SELECT id, ts_headline('english', concat_ws(' … ', dek, body), query, %s)
FROM briefing_article, to_tsquery('english', %s) AS query
WHERE ({document}) @@ query AND status = 'published' AND published_at <= %s
ORDER BY ts_rank(({document}), query) DESC, published_at DESC
LIMIT %s
""".replace("{document}", search_index.DOCUMENT)
_HEADLINE_OPTIONS = (
    f"StartSel={FOUND}, StopSel={FOUND_END}, MaxFragments=2, MaxWords=24, MinWords=12, "
    'FragmentDelimiter=" … "'
)


@dataclass(frozen=True, slots=True)
class Hit:
    """An article that was found, and the place in it, with FOUND and FOUND_END round the words."""

    article: Article
    excerpt: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What a query found; `more` when there are articles beyond those that fit best."""

    hits: list[Hit]
    authors: list[Author]
    topics: list[Topic]
    more: bool = False


def search(query: str) -> Findings:
    """Return what is public and has all the words of a query; the last word may be unfinished."""
    # Some keyboards send ü as u and two dots, and dots of their own are no letter.
    words = _WORD.findall(unicodedata.normalize("NFC", query[:MAX_QUERY]))[:_WORDS]
    if not words:
        return Findings([], [], [])
    places = dict(_places(words))
    more = len(places) > _RESULTS
    if more:
        places.popitem()
    found = {article.pk: article for article in reading.listed().filter(pk__in=places)}
    return Findings(
        hits=[Hit(found[pk], excerpt) for pk, excerpt in places.items() if pk in found],
        authors=_named(words),
        topics=[
            topic
            for topic in reading.topics()
            if all(word.casefold() in topic.name.casefold() for word in words)
        ],
        more=more,
    )


def _places(words: list[str]) -> list[tuple[int, str]]:
    """Ask the index for (article, excerpt), best first, and one more than are shown."""
    now, limit = timezone.now(), _RESULTS + 1
    # Nothing of the query but letters and digits gets into either language of queries.
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            parts = [part for word in words for part in re.split("['’]", word)]
            terms = " & ".join([*parts[:-1], f"{parts[-1]}:*"])
            cursor.execute(_POSTGRESQL, [_HEADLINE_OPTIONS, terms, now, limit])
        else:
            terms = " ".join(f'"{word}"' for word in words)
            cursor.execute(_SQLITE, [FOUND, FOUND_END, f"{terms}*", now, limit])
        return [(int(pk), str(excerpt)) for pk, excerpt in cursor.fetchall()]


def _named(words: list[str]) -> list[Author]:
    """Return the authors whose names have all the words."""
    authors = reading.authors()
    for word in words:
        authors = authors.filter(name__icontains=word.replace("'", "’"))
    return list(authors[:_WORDS])
