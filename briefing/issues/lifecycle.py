"""An issue's life: composed from articles, then public from the moment its dispatch begins."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, Max, OuterRef

from briefing.archive import reading
from briefing.issues import slots
from briefing.models import Article, Issue, IssueItem
from subscribers.links import absolute
from subscribers.models import Newsletter
from subscribers.ports import LatestIssue


def compose(
    newsletter: Newsletter,
    articles: Sequence[Article],
    *,
    subject: str,
    preheader: str = "",
    intro: str = "",
) -> Issue:
    """Make the next draft issue of a newsletter from articles, in the order given.

    Raises: slots.UnknownVariableError when a text holds an expression no reader has a value for.
    """
    for text in (subject, preheader, intro):
        slots.check(text)
    with transaction.atomic():
        # The newsletter's row serialises two editors who compose at once: numbers have no gaps.
        Newsletter.objects.select_for_update().get(pk=newsletter.pk)
        last = Issue.objects.filter(newsletter=newsletter, kind=Issue.Kind.ISSUE).aggregate(
            number=Max("number")
        )["number"]
        issue = Issue.objects.create(
            newsletter=newsletter,
            number=(last or 0) + 1,
            subject=subject,
            preheader=preheader,
            intro=intro,
        )
        IssueItem.objects.bulk_create(
            IssueItem(issue=issue, article=article, position=position)
            for position, article in enumerate(articles)
        )
    return issue


def give_second_subject(issue: Issue, text: str) -> None:
    """Give a draft a second subject to try, if there is one; which is ahead is told by clicks.

    Raises: slots.UnknownVariableError.
    """
    slots.check(text)
    if text:
        issue.second_subject, issue.counts_clicks = text, True
        issue.save(update_fields=["second_subject", "counts_clicks"])


def unused_articles(newsletter: Newsletter) -> list[Article]:
    """Return published articles that no issue of the newsletter has carried, newest first."""
    carried = IssueItem.objects.filter(
        issue__newsletter=newsletter, issue__kind=Issue.Kind.ISSUE, article=OuterRef("pk")
    )
    return list(Article.objects.published().exclude(Exists(carried)))


def mark_dispatching(issue: Issue, *, now: datetime) -> None:
    """Make the issue public: its web page must be there before the first copy arrives."""
    Issue.objects.filter(pk=issue.pk).update(
        status=Issue.Status.DISPATCHING, published_at=issue.published_at or now
    )


def mark_published(issue_id: int) -> None:
    """Say that the issue's dispatch is over."""
    Issue.objects.filter(pk=issue_id).update(status=Issue.Status.PUBLISHED)


def latest_issue(newsletter: Newsletter) -> LatestIssue | None:
    """Return the newest public issue, for a new reader's welcome mail."""
    issue = (
        reading.told_by_winner(Issue.objects.filter(newsletter=newsletter))
        .filter(kind=Issue.Kind.ISSUE, published_at__isnull=False)
        .order_by("-number")
        .first()
    )
    if issue is None or issue.published_at is None:
        return None
    headlines = Article.objects.filter(issue_items__issue=issue).order_by("issue_items__position")
    return LatestIssue(
        number=issue.number,
        subject=slots.for_everybody(reading.subject_of(issue)),
        url=absolute(issue.get_absolute_url()),
        headlines=tuple(headlines.values_list("headline", flat=True)),
        published_at=issue.published_at,
    )
