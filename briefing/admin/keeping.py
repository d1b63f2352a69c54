"""The requests of an article's form while somebody writes: keep this, show it as it will be."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from briefing.admin.gate import needs
from briefing.archive import keeping, markdown
from briefing.models import Article


@require_POST
@needs("briefing.change_article")
def keep(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what was typed so far; 0 stands for an article that was never saved."""
    person: Any = request.user
    keeping.keep(person, _article(pk), request.POST.dict(), now=timezone.now())
    return HttpResponse(status=204)


@require_POST
@needs("briefing.change_article")
def forget(request: HttpRequest, pk: int) -> HttpResponse:
    """Drop what was kept, and go back to what is saved."""
    person: Any = request.user
    article = _article(pk)
    keeping.forget(person, article)
    if article is None:
        return redirect("admin:briefing_article_add")
    return redirect("admin:briefing_article_change", article.pk)


@require_POST
@needs("briefing.change_article")
def rendered(request: HttpRequest) -> HttpResponse:
    """Return the text as the public page will show it."""
    text, locale = request.POST.get("body", ""), request.POST.get("locale", "en")
    return HttpResponse(markdown.to_html(text, locale))


def _article(pk: int) -> Article | None:
    return get_object_or_404(Article, pk=pk) if pk else None
