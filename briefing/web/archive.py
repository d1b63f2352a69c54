"""Pages of the archive: front page, article, topic, author, month, all of it."""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from briefing.archive import reading
from briefing.models import Article, Author
from subscribers.links import absolute
from subscribers.models import Topic


def home(request: HttpRequest) -> HttpResponse:
    """Show the front page."""
    context = {"front": reading.front(), "newsletter": reading.house_newsletter()}
    return render(request, "briefing/home.html", context)


def article(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one article with everything that belongs to it."""
    try:
        found = reading.article(slug)
    except Article.DoesNotExist as error:
        raise Http404 from error
    earlier, later = reading.neighbours(found)
    context = {
        "article": found,
        "earlier": earlier,
        "later": later,
        "newsletter": reading.house_newsletter(),
        "permalink": absolute(found.get_absolute_url()),
        "related": reading.related(found),
    }
    return render(request, "briefing/article.html", context)


def topic(request: HttpRequest, slug: str) -> HttpResponse:
    """List a topic's articles."""
    found = get_object_or_404(Topic, slug=slug)
    page = reading.page_of(
        reading.listed().filter(topic=found), behind=request.GET.get("before", "")
    )
    context = {"topic": found, "page": page, "newsletter": reading.house_newsletter()}
    return render(request, "briefing/topic.html", context)


def author(request: HttpRequest, slug: str) -> HttpResponse:
    """List what somebody wrote."""
    try:
        found = reading.author(slug)
    except Author.DoesNotExist as error:
        raise Http404 from error
    page = reading.page_of(
        reading.listed().filter(authors=found), behind=request.GET.get("before", "")
    )
    return render(request, "briefing/author.html", {"author": found, "page": page})


def months(request: HttpRequest) -> HttpResponse:
    """List the months in which something was published."""
    return render(request, "briefing/months.html", {"months": reading.months()})


def month(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """List a month's articles."""
    try:
        zone = timezone.get_current_timezone()
        start = datetime(year, month, 1, tzinfo=zone)
        end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
    except (ValueError, OverflowError) as error:
        raise Http404 from error
    articles = reading.listed().filter(published_at__gte=start, published_at__lt=end)
    page = reading.page_of(articles, behind=request.GET.get("before", ""))
    if not page.articles:
        raise Http404
    return render(request, "briefing/month.html", {"start": start, "page": page})
