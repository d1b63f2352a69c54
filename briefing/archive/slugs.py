"""Keeps every address that an article ever had leading to it."""

from django.db import transaction
from django.db.models import Q

from briefing.archive import reading
from briefing.models import Article, FormerSlug


def moved_to(slug: str) -> Article | None:
    """Return the public article that had this slug before, if there is one."""
    return reading.public().filter(former_slugs__slug=slug).first()


def is_taken(slug: str, *, by_other_than: int | None) -> bool:
    """Whether the slug is, or was, another article's: its readers' links must go on working."""
    former = FormerSlug.objects.filter(slug=slug)
    current = Article.objects.filter(slug=slug)
    if by_other_than is not None:
        former, current = former.exclude(article=by_other_than), current.exclude(pk=by_other_than)
    return former.exists() or current.exists()


def known_as(slug: str) -> Q:
    """Return the condition for the article that has the slug, or had it."""
    former = FormerSlug.objects.filter(slug=slug).values("article")
    return Q(slug=slug) | Q(pk__in=former)


@transaction.atomic
def remember(article: Article, *, before: str) -> None:
    """Note the slug that an article had. Safe to run twice: a slug is noted once."""
    FormerSlug.objects.filter(slug=article.slug).delete()
    if before and before != article.slug:
        FormerSlug.objects.update_or_create(slug=before, defaults={"article": article})
