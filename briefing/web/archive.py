"""Pages of the archive: front page, article, topic, author, month, all of it."""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from briefing.archive import reading, slugs
from briefing.models import Article, Author
from briefing.web import metadata
from subscribers.models import Topic


def home(request: HttpRequest) -> HttpResponse:
    """Show the front page."""
    newsletter = reading.house_newsletter()
    context = {
        "front": reading.front(),
        "metadata": metadata.of_page(
            request.path,
            title=_("The Robotics Briefing"),
            description=newsletter.tagline if newsletter else "",
        ),
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
    page = reading.page_of(
        reading.listed().filter(topic=found), behind=request.GET.get("before", "")
    )
    context = {
        "metadata": metadata.of_page(
            _address(request), title=found.name, description=found.description
        ),
        "newsletter": reading.house_newsletter(),
        "page": page,
        "topic": found,
    }
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
    about = metadata.of_page(_address(request), title=found.name, description=found.bio)
    context = {"author": found, "metadata": about, "page": page}
    return render(request, "briefing/author.html", context)


def months(request: HttpRequest) -> HttpResponse:
    """List the months in which something was published."""
    about = metadata.of_page(request.path, title=_("Archive"))
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
    page = reading.page_of(articles, behind=request.GET.get("before", ""))
    if not page.articles:
        raise Http404
    title = date_format(start, "F Y")
    about = metadata.of_page(_address(request), title=title)
    context = {"metadata": about, "page": page, "start": start}
    return render(request, "briefing/month.html", context)


def _address(request: HttpRequest) -> str:
    """Return a list's own address: what else stood in the query is not the page's."""
    behind = request.GET.get("before")
    return f"{request.path}?{urlencode({'before': behind})}" if behind else request.path
