"""Keeps the full-text index: SQLite's FTS5, or an index of PostgreSQL's own text search.

The database fills it by itself, so that no way of writing an article can forget it. Like the ledger's
triggers it is laid after every migration: SQLite drops triggers when it rebuilds a table.
"""

from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "briefing_article"
INDEX = "briefing_articlesearch"

# What PostgreSQL indexes and what a search asks for must be the same expression to the letter.
# The curly apostrophe is written straight: under some locales it would count as a letter.
DOCUMENT = " || ".join(
    f"setweight(to_tsvector('english', replace({column}, '\u2019', chr(39))), '{weight}')"
    for column, weight in (("headline", "A"), ("dek", "B"), ("body", "C"))
)

_POSTGRESQL = f"CREATE INDEX IF NOT EXISTS {INDEX} ON {TABLE} USING gin (({DOCUMENT}))"
# Source: https://www.sqlite.org/fts5.html#external_content_tables
_TABLE = """
CREATE VIRTUAL TABLE IF NOT EXISTS briefing_articlesearch USING fts5(
  headline, dek, body,
  content='briefing_article', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2'
)
"""
_TRIGGER = (
    "CREATE TRIGGER IF NOT EXISTS briefing_articlesearch_{event} AFTER {when} BEGIN {work} END"
)
_FORGET = """
  INSERT INTO briefing_articlesearch (briefing_articlesearch, rowid, headline, dek, body)
  VALUES ('delete', old.id, old.headline, old.dek, old.body);
"""
_LEARN = """
  INSERT INTO briefing_articlesearch (rowid, headline, dek, body)
  VALUES (new.id, new.headline, new.dek, new.body);
"""
_TRIGGERS = {
    "insert": ("INSERT ON briefing_article", _LEARN),
    "delete": ("DELETE ON briefing_article", _FORGET),
    "update": ("UPDATE OF headline, dek, body ON briefing_article", _FORGET + _LEARN),
}
_REBUILD = "INSERT INTO briefing_articlesearch (briefing_articlesearch) VALUES ('rebuild')"


def install(connection: BaseDatabaseWrapper) -> None:
    """Lay the index where it is missing. Safe to run any number of times."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL)
            return
        complete = not missing(connection)
        cursor.execute(_TABLE)
        for event, (when, work) in _TRIGGERS.items():
            cursor.execute(_TRIGGER.format(event=event, when=when, work=work))
        if not complete:
            # While a trigger was away, articles may have changed behind the index's back.
            cursor.execute(_REBUILD)


def missing(connection: BaseDatabaseWrapper) -> set[str]:
    """Return the names of what should be there and is not."""
    if connection.vendor == "postgresql":
        wanted, query = {INDEX}, "SELECT indexname FROM pg_indexes"
    else:
        wanted = {INDEX, *(f"{INDEX}_{event}" for event in _TRIGGERS)}
        query = "SELECT name FROM sqlite_master"
    with connection.cursor() as cursor:
        cursor.execute(query)
        return wanted - {row[0] for row in cursor.fetchall()}


def install_after_migrate(using: str, **_: Any) -> None:
    """Receive post_migrate; waits until the table exists with all its columns."""
    connection = connections[using]
    if TABLE in connection.introspection.table_names():
        install(connection)
