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
    return Topic.objects.get_or_create(slug=slugify(name), defaults={"name": name})[0]


def article(
    headline: str = "Welding cells learn to ask for help",
    *,
    authors: Sequence[str] = ("Ada Noor",),
    **values: Any,
) -> Article:
    """Publish an article with a byline, a source and something to watch; it has no image."""
    about = {
        "slug": slugify(headline),
        "dek": "A plant in Nagoya lets its robots stop and call a person.",
        "body": "The first month went **better** than planned.\n\nThe second did not.",
        "topic": topic(),
        "status": Article.Status.PUBLISHED,
        "published_at": NOW,
        "watch_heading": "automation",
    } | values
    made = Article.objects.create(headline=headline, **about)
    for position, name in enumerate(authors):
        slug = slugify(name, allow_unicode=True)
        author = Author.objects.get_or_create(name=name, defaults={"slug": slug})[0]
        ArticleAuthor.objects.create(article=made, author=author, position=position)
    Source.objects.create(article=made, publisher="Plant Weekly", title="A year of asking")
    WatchItem.objects.create(article=made, text="Whether the night shift agrees")
    return made


def issue(
    of: Newsletter | None = None, articles: Sequence[Article] | None = None, **values: Any
) -> Issue:
    """Compose an issue that can be dispatched, of two articles unless told which."""
    if articles is None:
        articles = [article(), article("Ports count their cranes twice")]
    about = {"subject": "Robots that ask first", "preheader": "And cranes that count"} | values
    return lifecycle.compose(of or newsletter(), articles, **about)
