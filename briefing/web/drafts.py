"""An article before it is published, for whoever was given its link."""

from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from briefing.archive import drafts, reading
from briefing.models import Article


@require_safe
def draft(request: HttpRequest, token: str) -> HttpResponse:
    """Show the page as it will be; once it is public, lead to it."""
    try:
        article, is_over = drafts.behind(token), False
    except drafts.PreviewOverError as over:
        article, is_over = over.article, True
    except Article.DoesNotExist as error:
        raise Http404 from error
    if reading.public().filter(pk=article.pk).exists():
        return redirect(article)
    if is_over:
        response = render(request, "briefing/draft_over.html", status=HTTPStatus.GONE)
    else:
        response = render(request, "briefing/draft.html", _shown(article))
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _shown(article: Article) -> dict[str, object]:
    # Neither a signup box nor links for sharing: what is shown here is not out yet.
    return {"article": article, "newsletter": None}
