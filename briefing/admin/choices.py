"""What a list to choose from offers, so that it stays a list and does not become the archive."""

from django.db.models import Q

from briefing.models import Article, ArticleQuerySet

OFFERED = 200


def newest_articles(*, besides: Q) -> ArticleQuerySet:
    """Return the newest articles and those that `besides` names, which are chosen already."""
    newest = list(Article.objects.order_by("-pk").values_list("pk", flat=True)[:OFFERED])
    articles: ArticleQuerySet = Article.objects.filter(Q(pk__in=newest) | besides).distinct()
    return articles.order_by("-pk")
