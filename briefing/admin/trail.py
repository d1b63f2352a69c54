"""The way back from a screen of the desk's own: what stands before its title, as links."""

from django.urls import reverse
from django.utils.functional import Promise

from briefing.models import Article, Dispatch, Issue
from subscribers.models import Subscriber

Trail = list[tuple[str | Promise, str]]


def issues() -> Trail:
    """Lead back to the list of issues."""
    return [(Issue._meta.verbose_name_plural or "", reverse("admin:briefing_issue_changelist"))]


def issue(one: Issue) -> Trail:
    """Lead back to one issue."""
    return [*issues(), (str(one), reverse("admin:briefing_issue_change", args=[one.pk]))]


def dispatches() -> Trail:
    """Lead back to the list of dispatches."""
    name = Dispatch._meta.verbose_name_plural or ""
    return [(name, reverse("admin:briefing_dispatch_changelist"))]


def articles() -> Trail:
    """Lead back to the list of articles."""
    return [(Article._meta.verbose_name_plural or "", reverse("admin:briefing_article_changelist"))]


def article(one: Article) -> Trail:
    """Lead back to one article."""
    return [
        *articles(),
        (one.headline, reverse("admin:briefing_article_change", args=[one.pk])),
    ]


def reader(one: Subscriber) -> Trail:
    """Lead back to one reader."""
    name = Subscriber._meta.verbose_name_plural or ""
    return [
        (name, reverse("admin:subscribers_subscriber_changelist")),
        (str(one), reverse("admin:subscribers_subscriber_change", args=[one.pk])),
    ]
