"""Writes what the files say into the archive: draft and facts in, rows out, the same every time.

A file's stem is the article's slug and its identity. `manage.py import_articles` is the door to it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext

from briefing.archive import facts, mastheads, pictures, seedfile, slugs
from briefing.models import Article, ArticleAuthor, Source, WatchItem

_MAX_SLUG = 120
_MAX_FILE_BYTES = 2 * 1024 * 1024


class Outcome(StrEnum):
    """What became of one file."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class RefusedError(Exception):
    """The file cannot come in. Printed as `path:line: reason`."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{path}:{line}: {reason}")
        self.path = path
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture that belongs to an article, with the words that must stand with it."""

    raw: bytes
    alt: str
    licence: str


def find(path: Path) -> list[Path]:
    """Return the article files that a path means: itself, or every .txt in a folder and below it.

    Raises: RefusedError when there is nothing.
    """
    if path.is_dir():
        found = sorted(each for each in path.rglob("*.txt") if each.is_file())
        if not found:
            raise RefusedError(path, 1, gettext("there is no .txt file in this folder"))
        return found
    if not path.is_file():
        raise RefusedError(path, 1, gettext("there is no such file or folder"))
    return [path]


def import_file(path: Path, *, now: datetime) -> Outcome:
    """Bring one article in. Safe to run twice: what has not changed is left alone.

    Raises: RefusedError with the place and the reason; then nothing of the file is in the archive.
    """
    slug = _slug(path)
    toml, known = facts_beside(path)
    try:
        raw = _read(path)
        draft = seedfile.parse(seedfile.decode(raw))
    except seedfile.SeedError as error:
        raise RefusedError(path, error.line, error.reason) from error
    known_of_it = known.articles.get(path.stem, facts.ArticleFacts())
    picture = _picture(toml, known_of_it) if known_of_it.image and toml else None
    digest = _digest(raw, known_of_it, picture)
    with transaction.atomic():
        article = Article.objects.select_for_update().filter(slugs.known_as(slug)).first()
        if article is not None and article.import_sha256 == digest:
            return Outcome.UNCHANGED
        created = article is None
        # An article that the desk has withdrawn stays withdrawn, whatever its file says later.
        article = article or Article(
            slug=slug,
            status=Article.Status.PUBLISHED,
            published_at=known_of_it.published_at or now,
        )
        _fill(article, draft, known_of_it)
        article.import_sha256 = digest
        _hang(article, picture, path=toml or path, line=known_of_it.line)
        article.topic = mastheads.topic_of(draft.watch_heading, explicit=known_of_it.topic)
        article.save()
        _sign(article, draft)
        _list_sources(article, draft)
        _list_watched(article, draft)
        mastheads.ensure_newsletter(draft.newsletter)
    return Outcome.CREATED if created else Outcome.UPDATED


def facts_beside(path: Path) -> tuple[Path | None, facts.Facts]:
    """Return the archive.toml that speaks of a file, from its own folder or the one above.

    Raises: RefusedError when it cannot be read; without its facts articles would come in wrong.
    """
    for folder in (path.resolve().parent, path.resolve().parent.parent):
        if (toml := folder / facts.FILE_NAME).is_file():
            return toml, _facts(toml, toml.stat().st_mtime_ns)
    return None, facts.Facts()


@cache
def _facts(toml: Path, _changed_at: int) -> facts.Facts:
    try:
        return facts.parse(seedfile.decode(toml.read_bytes()))
    except (facts.FactsError, seedfile.SeedError) as error:
        raise RefusedError(toml, error.line, error.reason) from error


def _slug(path: Path) -> str:
    stem = path.stem
    if slugify(stem) != stem.lower() or len(stem) > _MAX_SLUG:
        better = slugify(stem)[:_MAX_SLUG] or "name-of-the-article"
        raise RefusedError(
            path,
            1,
            gettext("the file’s name becomes the article’s address; call it %(name)s.txt")
            % {"name": better},
        )
    return stem


def _read(path: Path) -> bytes:
    if path.stat().st_size > _MAX_FILE_BYTES:
        raise seedfile.SeedError(1, gettext("the file is larger than 2 MB; is it an article?"))
    return path.read_bytes()


def _picture(toml: Path, known: facts.ArticleFacts) -> Picture:
    """Read the picture that archive.toml names.

    Raises: RefusedError when it is missing, outside the folder, or lacks its description or licence.
    """
    place = (toml.parent / known.image).resolve()
    if not place.is_relative_to(toml.parent.resolve()):
        raise RefusedError(
            toml,
            known.line,
            gettext("the image %(name)s lies outside this folder") % {"name": known.image},
        )
    if not place.is_file():
        raise RefusedError(
            toml, known.line, gettext("there is no image %(name)s") % {"name": known.image}
        )
    for value, name in ((known.alt, "alt"), (known.licence, "licence")):
        if not value.strip():
            raise RefusedError(
                toml,
                known.line,
                gettext("the image %(name)s needs its %(fact)s")
                % {"name": known.image, "fact": name},
            )
    return Picture(place.read_bytes(), known.alt, known.licence)


def _digest(raw: bytes, known: facts.ArticleFacts, picture: Picture | None) -> str:
    """Return the hash of everything that the import would write."""
    digest = hashlib.sha256(raw)
    for value in (known.published_at, known.image, known.alt, known.licence, known.topic):
        digest.update(f"\0{value}".encode())
    digest.update(hashlib.sha256(picture.raw if picture else b"").digest())
    return digest.hexdigest()


def _fill(article: Article, draft: seedfile.ArticleDraft, known: facts.ArticleFacts) -> None:
    article.headline, article.dek, article.body = draft.headline, draft.dek, draft.body
    article.image_credit = draft.image_credit
    article.image_alt, article.image_licence = known.alt, known.licence
    article.watch_heading = draft.watch_heading
    if known.published_at is not None:
        article.published_at = known.published_at


def _hang(article: Article, picture: Picture | None, *, path: Path, line: int) -> None:
    """Store the picture with all its sizes. Earlier pictures stay: mails already show them."""
    if picture is None:
        article.image = ""
        return
    if not article.image_credit:
        raise RefusedError(
            path, line, gettext("an image needs a credit: “Image / Photo by … on …”")
        )
    try:
        name, content = pictures.take(picture.raw, stem=f"articles/{article.slug}")
        if not default_storage.exists(name):
            default_storage.save(name, ContentFile(content))
        pictures.make_renditions(name)
    except pictures.PictureError as error:
        raise RefusedError(
            path, line, gettext("the image cannot be taken: %(error)s") % {"error": error}
        ) from error
    article.image = name


def _sign(article: Article, draft: seedfile.ArticleDraft) -> None:
    """Write the byline, keeping the order of the names."""
    authors = [mastheads.author_named(name) for name in draft.authors]
    article.bylines.exclude(author__in=authors).delete()
    for position, author in enumerate(authors):
        ArticleAuthor.objects.update_or_create(
            article=article, author=author, defaults={"position": position}
        )


def _list_sources(article: Article, draft: seedfile.ArticleDraft) -> None:
    """Write the sources; one that was there keeps what its last check found."""
    before = {(row.publisher, row.title, row.url): row for row in article.sources.all()}
    for position, source in enumerate(draft.sources):
        row = before.pop((source.publisher, source.title, source.url), None) or Source(
            article=article, publisher=source.publisher, title=source.title, url=source.url
        )
        row.position = position
        row.save()
    _remove(iter(before.values()))


def _list_watched(article: Article, draft: seedfile.ArticleDraft) -> None:
    """Write what is watched; an item that was there keeps its outcome."""
    before = {row.text: row for row in article.watch_items.all()}
    for position, text in enumerate(draft.watch_items):
        row = before.pop(text, None) or WatchItem(article=article, text=text)
        row.position = position
        row.save()
    _remove(iter(before.values()))


def _remove(rows: Iterator[Source] | Iterator[WatchItem]) -> None:
    for row in rows:
        row.delete()
