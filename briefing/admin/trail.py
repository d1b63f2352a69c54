"""The way back from a screen of the desk's own: what stands before its title, as links."""

from django.db.models import Model
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst

from briefing.models import Article, Dispatch, Issue
from subscribers.models import Subscriber

Trail = list[tuple[str | Promise, str]]


def all_of(model: type[Model]) -> str:
    """Return the name of a list as a heading has it; what people typed stays as they typed it."""
    return capfirst(str(model._meta.verbose_name_plural))


def issues() -> Trail:
    """Lead back to the list of issues."""
    return [(all_of(Issue), reverse("admin:briefing_issue_changelist"))]


def issue(one: Issue) -> Trail:
    """Lead back to one issue."""
    return [*issues(), (str(one), reverse("admin:briefing_issue_change", args=[one.pk]))]


def dispatches() -> Trail:
    """Lead back to the list of dispatches."""
    return [(all_of(Dispatch), reverse("admin:briefing_dispatch_changelist"))]


def articles() -> Trail:
    """Lead back to the list of articles."""
    return [(all_of(Article), reverse("admin:briefing_article_changelist"))]


def article(one: Article) -> Trail:
    """Lead back to one article."""
    return [
        *articles(),
        (one.headline, reverse("admin:briefing_article_change", args=[one.pk])),
    ]


def reader(one: Subscriber) -> Trail:
    """Lead back to one reader."""
    return [
        (all_of(Subscriber), reverse("admin:subscribers_subscriber_changelist")),
        (str(one), reverse("admin:subscribers_subscriber_change", args=[one.pk])),
    ]
