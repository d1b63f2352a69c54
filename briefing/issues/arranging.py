"""What stands in a draft issue, and in which order: chosen, moved, begun again from another issue.

Before it: articles. After it: lifecycle, once the issue goes out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from briefing.issues import lifecycle, slots
from briefing.models import Article, Issue, IssueItem
from subscribers.models import Newsletter

WEEK = timedelta(days=7)
# More than anybody reads through; a search finds the others.
OFFERED = 60
_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which articles an editor wants to see: words of the headline, a topic, used ones as well."""

    words: str = ""
    topic: str = ""
    used: bool = False


@dataclass(frozen=True, slots=True)
class Texts:
    """What an editor writes round the articles."""

    subject: str
    preheader: str = ""
    intro: str = ""
    second_subject: str = ""

    def check(self) -> None:
        """Refuse an expression that no reader has a value for. Raises: slots.UnknownVariableError."""
        for text in (self.subject, self.preheader, self.intro, self.second_subject):
            slots.check(text)


class NoDraftError(ValueError):
    """The issue has gone out meanwhile and cannot be changed any more."""


def offer(newsletter: Newsletter, wanted: Wanted) -> list[Article]:
    """Return published articles to choose from, newest first, unused ones unless told otherwise."""
    articles = Article.objects.published().select_related("topic")
    for word in wanted.words.split()[:8]:
        articles = articles.filter(Q(headline__icontains=word) | Q(dek__icontains=word))
    if wanted.topic:
        articles = articles.filter(topic__slug=wanted.topic)
    if not wanted.used:
        carried = IssueItem.objects.filter(
            issue__newsletter=newsletter, issue__kind=Issue.Kind.ISSUE, article=OuterRef("pk")
        )
        articles = articles.exclude(Exists(carried))
    return list(articles[:OFFERED])


def of_the_week(newsletter: Newsletter, *, now: datetime) -> list[Article]:
    """Return the unused articles of the last seven days, newest first."""
    return [
        each
        for each in offer(newsletter, Wanted())
        if each.published_at and each.published_at > now - WEEK
    ]


def suggested(articles: Sequence[Article]) -> dict[str, str]:
    """Let the lead be the subject and the second article stand after it, until somebody writes.

    A headline's own braces are no expression.
    """
    headlines = [each.headline.replace("{{", "{ {")[:_LONGEST_TEXT] for each in articles[:2]]
    return dict(zip(("subject", "preheader"), [*headlines, "", ""], strict=False))


def arrange(issue: Issue, articles: Sequence[Article], texts: Texts) -> None:
    """Put these articles into a draft, in this order, with these texts round them.

    Raises: NoDraftError, slots.UnknownVariableError.
    """
    texts.check()
    with transaction.atomic():
        draft = (
            Issue.objects.select_for_update().filter(pk=issue.pk, status=Issue.Status.DRAFT).first()
        )
        if draft is None:
            raise NoDraftError
        draft.subject, draft.preheader, draft.intro = texts.subject, texts.preheader, texts.intro
        draft.second_subject = texts.second_subject
        # Which of two is ahead is told by clicks; whose they are is not asked.
        draft.counts_clicks = draft.counts_clicks or bool(texts.second_subject)
        # Saved whole, so that its history has this version.
        draft.save()
        IssueItem.objects.filter(issue=draft).delete()
        IssueItem.objects.bulk_create(
            IssueItem(issue=draft, article=article, position=position)
            for position, article in enumerate(articles)
        )


def duplicate(issue: Issue) -> Issue:
    """Make the newsletter's next draft with the articles and texts of an issue."""
    made = lifecycle.compose(
        issue.newsletter,
        list(issue.articles.order_by("issue_items__position", "issue_items__pk")),
        subject=issue.subject,
        preheader=issue.preheader,
        intro=issue.intro,
    )
    lifecycle.give_second_subject(made, issue.second_subject)
    return made
