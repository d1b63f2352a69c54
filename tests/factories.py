"""Makes the rows that tests begin with, by the same rules that make them in a real copy.

The people's side (newsletter, notice, subscriber, subscription, noise) stands beside its tests in
`tests.subscribers.making` and is gathered here, so that a test needs one import for both sides.
"""

from collections.abc import Sequence
from typing import Any

from django.utils.text import slugify

from briefing.issues import lifecycle
from briefing.models import Article, ArticleAuthor, Author, Issue, Source, WatchItem
from subscribers.models import Newsletter, Topic
from tests.subscribers.making import NOW, newsletter, noise, notice, subscriber, subscription

__all__ = [
    "NOW",
    "article",
    "issue",
    "newsletter",
    "noise",
    "notice",
    "subscriber",
    "subscription",
    "topic",
]


def topic(name: str = "Automation") -> Topic:
    """Make a topic, or find it again by its name."""
    slug = slugify(name)
    return Topic.objects.filter(slug=slug).first() or Topic.objects.create(slug=slug, name=name)


def author(name: str) -> Author:
    """Make somebody who writes, or find them again by their name."""
    slug = slugify(name, allow_unicode=True)
    found = Author.objects.filter(name=name).first()
    return found or Author.objects.create(name=name, slug=slug)


def article(
    headline: str = "Welding cells learn to ask for help",
    *,
    authors: Sequence[str] = ("Ada Noor",),
    **values: Any,
) -> Article:
    """Publish an article with a byline, a source and something to watch; it has no image."""
    return articles([headline], authors=authors, **values)[0]


def articles(
    headlines: Sequence[str], *, authors: Sequence[str] = ("Ada Noor",), **values: Any
) -> list[Article]:
    """Publish several such articles at once."""
    about = {
        "dek": "A plant in Nagoya lets its robots stop and call a person.",
        "body": "The first month went **better** than planned.\n\nThe second did not.",
        "topic": topic(),
        "status": Article.Status.PUBLISHED,
        "published_at": NOW,
        "watch_heading": "automation",
    } | values
    writers = [author(name) for name in authors]
    made = [
        Article.objects.create(**{"headline": each, "slug": slugify(each)} | about)
        for each in headlines
    ]
    ArticleAuthor.objects.bulk_create(
        ArticleAuthor(article=each, author=writer, position=position)
        for each in made
        for position, writer in enumerate(writers)
    )
    Source.objects.bulk_create(
        Source(article=each, publisher="Plant Weekly", title="A year of asking") for each in made
    )
    WatchItem.objects.bulk_create(
        WatchItem(article=each, text="Whether the night shift agrees") for each in made
    )
    return made


def issue(
    of: Newsletter | None = None, articles: Sequence[Article] | None = None, **values: Any
) -> Issue:
    """Compose an issue that can be dispatched, of two articles unless told which."""
    carried = _two_articles() if articles is None else articles
    about = {"subject": "Robots that ask first", "preheader": "And cranes that count"} | values
    return lifecycle.compose(of or newsletter(), carried, **about)


def _two_articles() -> list[Article]:
    return articles(["Welding cells learn to ask for help", "Ports count their cranes twice"])
