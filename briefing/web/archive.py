"""Pages of the archive: front page, article, topic, author, month, all of it."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from briefing.archive import reading, slugs
from briefing.models import Article, ArticleQuerySet, Author
from briefing.web import metadata
from subscribers.models import Topic


def home(request: HttpRequest) -> HttpResponse:
    """Show the front page."""
    newsletter = reading.house_newsletter()
    context = {
        "front": reading.front(),
        "metadata": metadata.of_page(request.path, title=_("The Robotics Briefing")),
        "newsletter": newsletter,
    }
    return render(request, "briefing/home.html", context)


def article(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one article with everything that belongs to it."""
    try:
        found = reading.article(slug)
    except Article.DoesNotExist as error:
        if moved := slugs.moved_to(slug):
            return redirect(moved, permanent=True)
        raise Http404 from error
    newsletter = reading.house_newsletter()
    earlier, later = reading.neighbours(found)
    context = {
        "article": found,
        "earlier": earlier,
        "later": later,
        "metadata": metadata.of_article(found, newsletter),
        "newsletter": newsletter,
    }
    return render(request, "briefing/article.html", context)


def topic(request: HttpRequest, slug: str) -> HttpResponse:
    """List a topic's articles."""
    found = get_object_or_404(Topic, slug=slug)
    context = {"newsletter": reading.house_newsletter(), "topic": found}
    about = {"title": found.name, "description": found.description}
    return _list(request, reading.listed().filter(topic=found), "topic", about, context)


def author(request: HttpRequest, slug: str) -> HttpResponse:
    """List what somebody wrote."""
    try:
        found = reading.author(slug)
    except Author.DoesNotExist as error:
        raise Http404 from error
    about = {"title": found.name, "description": found.bio}
    articles = reading.listed().filter(authors=found)
    return _list(request, articles, "author", about, {"author": found})


def months(request: HttpRequest) -> HttpResponse:
    """List the months in which something was published."""
    about = metadata.of_page(
        request.path, title=_("Archive"), description=_("Everything we have published, by month.")
    )
    return render(request, "briefing/months.html", {"metadata": about, "months": reading.months()})


def month(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """List a month's articles."""
    try:
        zone = timezone.get_current_timezone()
        start = datetime(year, month, 1, tzinfo=zone)
        end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
    except (ValueError, OverflowError) as error:
        raise Http404 from error
    articles = reading.listed().filter(published_at__gte=start, published_at__lt=end)
    if not articles.exists():
        raise Http404
    about = {"title": date_format(start, "F Y")}
    return _list(request, articles, "month", about, {"start": start})


def _list(
    request: HttpRequest,
    articles: ArticleQuerySet,
    name: str,
    about: dict[str, str],
    context: dict[str, Any],
) -> HttpResponse:
    """Show a page of a list. What else stands in the query is not part of the page's address."""
    behind = request.GET.get("before", "")
    try:
        page = reading.page_of(articles, behind=behind)
    except Article.DoesNotExist:
        # The article is gone, or there never was one: the list begins at its top.
        return redirect(request.path)
    address = f"{request.path}?{urlencode({'before': behind})}" if behind else request.path
    shown = {**context, "metadata": metadata.of_page(address, **about), "page": page}
    return render(request, f"briefing/{name}.html", shown)
