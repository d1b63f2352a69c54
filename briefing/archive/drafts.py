"""Lets people without a login read an article before it is published: a signed link that ends."""

from datetime import timedelta

from django.core import signing
from django.db.models import Q

from briefing.archive import reading
from briefing.models import Article

LASTS = timedelta(days=7)
_PURPOSE = "briefing.archive.drafts"


class PreviewOverError(Exception):
    """The link was made here, for `article`, but its week is over."""

    def __init__(self, article: Article) -> None:
        super().__init__("over")
        self.article = article


def token_for(article: Article) -> str:
    """Return the token of a link that shows this article for a week from now."""
    return signing.dumps(article.pk, salt=_PURPOSE)


def behind(token: str) -> Article:
    """Return the article that a token shows.

    Raises: Article.DoesNotExist when it is forged, or the article withdrawn; PreviewOverError
    when the link has had its time.
    """
    try:
        pk = signing.loads(token, salt=_PURPOSE)
    except signing.BadSignature as error:
        raise Article.DoesNotExist from error
    shown = reading.with_everything(Article.objects.filter(~Q(status=Article.Status.WITHDRAWN)))
    article = shown.get(pk=pk)
    try:
        signing.loads(token, salt=_PURPOSE, max_age=LASTS)
    except signing.SignatureExpired as error:
        raise PreviewOverError(article) from error
    return article
