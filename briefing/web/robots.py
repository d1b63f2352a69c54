"""Small files that machines ask for: sitemap, robots.txt, humans.txt, security.txt."""

from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse

from briefing.archive import reading
from subscribers.links import absolute

_SECURITY_DAYS = 180
# Staff's pages, addresses with a reader's token, and answers to a question that nobody asked.
_FOR_NO_CRAWLER = (
    *("/admin/", "/accounts/", "/confirm/", "/disown/", "/address/", "/preferences/", "/receipt/"),
    *("/unsubscribe/", "/one-click/", "/undo/", "/view/", "/drafts/", "/c/", "/o/", "/search/"),
)


def sitemap(request: HttpRequest) -> HttpResponse:
    """List every public page.

    Source: https://www.sitemaps.org/protocol.html
    """
    pages = [absolute(reverse(name)) for name in ("home", "issues", "months", "about", "privacy")]
    pages += [absolute(reverse("topic", args=[topic.slug])) for topic in reading.topics()]
    pages += [absolute(author.get_absolute_url()) for author in reading.authors()]
    pages += [absolute(issue.get_absolute_url()) for issue in reading.issues()]
    articles = [
        (absolute(reverse("article", args=[slug])), changed_at)
        for slug, changed_at in reading.mapped()
    ]
    context = {"articles": articles, "pages": pages}
    return render(request, "briefing/sitemap.xml", context, content_type="application/xml")


def robots(request: HttpRequest) -> HttpResponse:
    """Tell crawlers where not to go.

    Source: RFC 9309
    """
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in _FOR_NO_CRAWLER),
        f"Sitemap: {absolute(reverse('sitemap'))}",
    ]
    return _plain(lines)


def humans(request: HttpRequest) -> HttpResponse:
    """Name the people.

    Source: https://humanstxt.org/
    """
    newsletter = reading.house_newsletter()
    lines = ["/* WRITERS */", *(author.name for author in reading.authors())]
    if newsletter:
        lines += ["", "/* PUBLISHER */", newsletter.name, newsletter.postal_address]
    lines += ["", "/* SITE */", "Django, Celery, no script from anybody else"]
    return _plain(lines)


def icon(request: HttpRequest) -> HttpResponse:
    """Lead those who ask for an icon without having read a page, as feed readers do, to it."""
    return redirect(static("briefing/img/favicon.ico"))


def security(request: HttpRequest) -> HttpResponse:
    """Say where to report a weakness.

    Source: RFC 9116
    """
    newsletter = reading.house_newsletter()
    contact = (newsletter.reply_to or newsletter.from_address) if newsletter else ""
    # Midnight, so that the file is the same all day and may be compared.
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    expires = (today + timedelta(days=_SECURITY_DAYS)).isoformat().replace("+00:00", "Z")
    lines = [
        *([f"Contact: mailto:{contact}"] if contact else [f"Contact: {absolute('/about/')}"]),
        f"Expires: {expires}",
        "Preferred-Languages: en, de",
        f"Canonical: {absolute(reverse('security'))}",
    ]
    return _plain(lines)


def _plain(lines: list[str]) -> HttpResponse:
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
