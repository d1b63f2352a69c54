"""Lets people without a login read an article before it is published: a signed link that ends."""

from datetime import timedelta

from django.core import signing
from django.db.models import Q

from briefing.archive import reading
from briefing.models import Article

LASTS = timedelta(days=7)
_PURPOSE = "briefing.archive.drafts"


def token_for(article: Article) -> str:
    """Return the token of a link that shows this article for a week from now."""
    return signing.dumps(article.pk, salt=_PURPOSE)


def behind(token: str) -> Article | None:
    """Return the article that a token shows; nothing when it is forged, over or withdrawn."""
    try:
        pk = signing.loads(token, salt=_PURPOSE, max_age=LASTS)
    except signing.BadSignature:
        return None
    shown = reading.with_everything(Article.objects.filter(~Q(status=Article.Status.WITHDRAWN)))
    return shown.filter(pk=pk).first()
