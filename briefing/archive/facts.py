"""Reads archive.toml: what the published form does not say of its articles, and who publishes them.

Pure: text in, facts or a reason with its line out. `importing` joins them with the drafts.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from django.utils.translation import gettext

FILE_NAME = "archive.toml"

_ARTICLE_KEYS = {"published_at", "image", "alt", "licence", "topic"}
_TOPIC_KEYS = {"name", "description"}
_AUTHOR_KEYS = {"bio"}
# Each key of the [newsletter] table and the field of the model that it fills.
NEWSLETTER_FIELDS = {
    "slug": "slug",
    "name": "name",
    "tagline": "tagline",
    "promise": "promise",
    "cadence": "cadence",
    "time_zone": "time_zone",
    "from_name": "from_name",
    "from_email": "from_address",
    "reply_to": "reply_to",
    "postal_address": "postal_address",
    "locale": "locale",
}
_AT_LINE = re.compile(r"\(at line (\d+),")


class FactsError(ValueError):
    """archive.toml cannot be read as it stands. `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ArticleFacts:
    """What is known of one article besides its text. `line` is where archive.toml says it."""

    published_at: datetime | None = None
    image: str = ""
    alt: str = ""
    licence: str = ""
    topic: str = ""
    line: int = 1


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """One topic, in the order of the file."""

    slug: str
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything an archive.toml says."""

    articles: Mapping[str, ArticleFacts] = field(default_factory=dict)
    topics: tuple[TopicFacts, ...] = ()
    bios: Mapping[str, str] = field(default_factory=dict)
    # By the model's field names.
    newsletter: Mapping[str, str] = field(default_factory=dict)


def parse(text: str) -> Facts:
    """Read the file.

    Raises: FactsError when it is no TOML, or says something that is not known here.
    """
    try:
        tables = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        place = _AT_LINE.search(str(error))
        line = int(place[1]) if place else text.rstrip().count("\n") + 1
        raise FactsError(line, gettext("no TOML: %(error)s") % {"error": error}) from error
    for name in tables.keys() - {"articles", "topics", "authors", "newsletter"}:
        raise FactsError(
            _line(text, name), gettext("[%(name)s] is not known here") % {"name": name}
        )
    return Facts(
        articles={
            stem: _article(table, _line(text, stem))
            for stem, table in _tables(text, tables, "articles", _ARTICLE_KEYS)
        },
        topics=tuple(
            TopicFacts(slug, str(table.get("name", slug)), str(table.get("description", "")))
            for slug, table in _tables(text, tables, "topics", _TOPIC_KEYS)
        ),
        bios={
            name: str(table.get("bio", ""))
            for name, table in _tables(text, tables, "authors", _AUTHOR_KEYS)
        },
        newsletter=_newsletter(text, tables.get("newsletter", {})),
    )


def _tables(
    text: str, tables: dict[str, Any], kind: str, known: set[str]
) -> list[tuple[str, dict[str, Any]]]:
    """Return the tables of one kind, having looked that they hold only what is known."""
    found = tables.get(kind, {})
    if not isinstance(found, dict):
        raise FactsError(
            _line(text, kind), gettext("[%(name)s] holds tables, one for each") % {"name": kind}
        )
    for name, table in found.items():
        _only(table, known, f'[{kind}."{name}"]', _line(text, name))
    return list(found.items())


def _only(table: object, known: set[str], what: str, line: int) -> None:
    if not isinstance(table, dict):
        raise FactsError(line, gettext("%(what)s is a table") % {"what": what})
    for key in table.keys() - known:
        raise FactsError(
            line,
            gettext("%(what)s says “%(key)s”, which is not known; known are %(known)s")
            % {"what": what, "key": key, "known": ", ".join(sorted(known))},
        )


def _article(table: dict[str, Any], line: int) -> ArticleFacts:
    words = {key: str(table.get(key, "")) for key in ("image", "alt", "licence", "topic")}
    moment = table.get("published_at")
    if moment is None:
        published_at = None
    elif isinstance(moment, datetime):
        published_at = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    elif isinstance(moment, date):
        published_at = datetime.combine(moment, time.min, tzinfo=UTC)
    else:
        raise FactsError(
            line, gettext("published_at is a date, like 2026-11-24T06:00:00Z, without quotes")
        )
    return ArticleFacts(published_at=published_at, line=line, **words)


def _newsletter(text: str, table: object) -> dict[str, str]:
    line = _line(text, "newsletter")
    _only(table, set(NEWSLETTER_FIELDS), "[newsletter]", line)
    if not isinstance(table, dict) or not table:
        return {}
    for key in ("slug", "name"):
        if not table.get(key):
            raise FactsError(line, gettext("[newsletter] needs a %(key)s") % {"key": key})
    return {NEWSLETTER_FIELDS[key]: str(value) for key, value in table.items()}


def _line(text: str, name: str) -> int:
    """Return the line of the table's header, for messages: TOML's own reader does not tell."""
    header = re.compile(rf"""\s*\[(?:[^\]]*[."'\s])?{re.escape(name)}["']?\s*\]""")
    for number, line in enumerate(text.split("\n"), start=1):
        if header.match(line):
            return number
    return 1
