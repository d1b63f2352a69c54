"""What an issue's mail says of each article: plain values for the templates, absolute addresses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.files.storage import default_storage
from django.db.models import Max
from django.utils.translation import gettext as _

from briefing.archive import pictures
from briefing.archive.markdown import typeset
from briefing.models import Article, Issue
from subscribers.audience import Frequency, Scope, Topics
from subscribers.links import absolute

_WORDS_PER_MINUTE = 220


@dataclass(frozen=True, slots=True)
class ArticleEntry:
    """One article as it stands in a mail."""

    headline: str
    dek: str
    url: str
    topic: str
    bylines: str
    image_url: str
    image_alt: str
    image_credit: str
    image_licence: str
    minutes: int


def scope(issue: Issue) -> Scope:
    """Return what an issue is to its audience: which readers it is for, and on what."""
    topics = set(issue.articles.values_list("topic_id", flat=True).order_by())
    return Scope(
        frequency=Frequency.WEEKLY_DIGEST
        if issue.kind == Issue.Kind.DIGEST
        else Frequency.EVERY_ISSUE,
        topics=frozenset(topic for topic in topics if topic is not None),
        for_everybody=None in topics,
    )


def public_from(issue: Issue) -> datetime | None:
    """Return from when on everything in the issue that is published can be read."""
    published = issue.articles.filter(status=Article.Status.PUBLISHED)
    at: datetime | None = published.aggregate(last=Max("published_at"))["last"]
    return at


@dataclass(frozen=True, slots=True)
class Contents:
    """An issue with its articles in the editor's order, read once for all its variants."""

    issue: Issue
    articles: Sequence[Article]

    def entries(self, *, topics: Topics | None = None) -> list[ArticleEntry]:
        """Return what a mail says of the articles, in the language of the moment.

        With `topics`, only those on one of them, and those without a topic, which are for everybody.
        """
        return [
            _entry(article)
            for article in self.articles
            if topics is None or article.topic_id is None or article.topic_id in topics
        ]


def read(issue: Issue) -> Contents:
    """Read all that an issue's mails say of its articles."""
    articles = (
        Article.objects.filter(issue_items__issue=issue)
        .select_related("topic")
        .prefetch_related("bylines__author")
        .order_by("issue_items__position", "issue_items__pk")
    )
    return Contents(issue, list(articles))


def _entry(article: Article) -> ArticleEntry:
    return ArticleEntry(
        headline=typeset(article.headline),
        dek=typeset(article.dek),
        url=absolute(article.get_absolute_url()),
        topic=article.topic.name if article.topic else "",
        bylines=_joined([byline.author.name for byline in article.bylines.all()]),
        image_url=_picture(article),
        image_alt=article.image_alt,
        image_credit=article.image_credit,
        image_licence=article.image_licence,
        minutes=max(1, round(len(article.body.split()) / _WORDS_PER_MINUTE)),
    )


def _picture(article: Article) -> str:
    """Return the address of the size for mail: every client shows it, and it is never 10 MB large."""
    if not article.image:
        return ""
    return absolute(default_storage.url(pictures.mail_name(str(article.image))))


def _joined(names: list[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return _("%(names)s and %(last)s") % {"names": ", ".join(names[:-1]), "last": names[-1]}
