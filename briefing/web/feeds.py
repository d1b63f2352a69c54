"""The archive for feed readers: Atom, RSS and JSON Feed, each with the full text."""

from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from xml.sax.xmlreader import AttributesImpl

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.utils.xmlutils import SimplerXMLGenerator

from briefing.archive import markdown, pictures, reading
from briefing.models import Article
from subscribers.links import absolute

_CONTENT_NAMESPACE = "http://purl.org/rss/1.0/modules/content/"
_CREATOR_NAMESPACE = "http://purl.org/dc/elements/1.1/"


class FullTextAtom(Atom1Feed):
    """Atom with the whole text in `content` and every author.

    Source: RFC 4287, 4.1.3 and 4.2.1
    """

    def add_root_elements(self, handler: SimplerXMLGenerator) -> None:
        super().add_root_elements(handler)
        if settings.WEBSUB_HUB:
            handler.addQuickElement("link", "", {"rel": "hub", "href": settings.WEBSUB_HUB})

    def item_attributes(self, item: dict[str, Any]) -> dict[str, str]:
        return {"xml:lang": item["locale"]}

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        for name, url in item["names"]:
            handler.startElement("author", AttributesImpl({}))
            handler.addQuickElement("name", name)
            handler.addQuickElement("uri", url)
            handler.endElement("author")
        super().add_item_elements(handler, item)
        handler.addQuickElement("content", item["html"], {"type": "html"})


class FullTextRss(Rss201rev2Feed):
    """RSS with the whole text in content:encoded.

    Source: https://www.rssboard.org/rss-profile
    """

    def rss_attributes(self) -> dict[str, str]:
        namespaces = {"xmlns:content": _CONTENT_NAMESPACE, "xmlns:dc": _CREATOR_NAMESPACE}
        return {**super().rss_attributes(), **namespaces}

    def add_root_elements(self, handler: SimplerXMLGenerator) -> None:
        super().add_root_elements(handler)
        if settings.WEBSUB_HUB:
            handler.addQuickElement("atom:link", "", {"rel": "hub", "href": settings.WEBSUB_HUB})

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        for name, _url in item["names"]:
            handler.addQuickElement("dc:creator", name)
        handler.addQuickElement("content:encoded", item["html"])


def atom(request: HttpRequest) -> HttpResponse:
    """Serve the newest articles as Atom."""
    return _syndicate(FullTextAtom, "feed")


def rss(request: HttpRequest) -> HttpResponse:
    """Serve the newest articles as RSS 2.0."""
    return _syndicate(FullTextRss, "feed-rss")


def json_feed(request: HttpRequest) -> HttpResponse:
    """Serve the newest articles as JSON Feed.

    Source: https://www.jsonfeed.org/version/1.1/
    """
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        **_about("feed-json"),
        "items": [_json_item(article) for article in reading.in_full()[: reading.FEED_LENGTH]],
    }
    if settings.WEBSUB_HUB:
        feed["hubs"] = [{"type": "WebSub", "url": settings.WEBSUB_HUB}]
    return JsonResponse(
        feed, content_type="application/feed+json", json_dumps_params={"ensure_ascii": False}
    )


def _syndicate(kind: type[FullTextAtom | FullTextRss], name: str) -> HttpResponse:
    articles = list(reading.in_full()[: reading.FEED_LENGTH])
    about = _about(name)
    feed = kind(
        title=about["title"],
        link=about["home_page_url"],
        description=about["description"],
        language=about["language"],
        feed_url=about["feed_url"],
        feed_guid=about["home_page_url"],
        # An article without a byline is the newsroom's: Atom wants a name for each (RFC 4287, 4.1.1).
        author_name=about["title"],
        ttl=60,
    )
    for article in articles:
        item = _item(article)
        # Both forms hold HTML there, and a dek is plain text.
        feed.add_item(**item | {"description": escape(item["description"])})
    response = HttpResponse(content_type=feed.content_type)
    feed.write(response, "utf-8")
    return response


def _about(name: str) -> dict[str, str]:
    newsletter = reading.house_newsletter()
    return {
        "title": newsletter.name if newsletter else _("The Robotics Briefing"),
        "description": newsletter.tagline if newsletter else "",
        "home_page_url": absolute(reverse("home")),
        "feed_url": absolute(reverse(name)),
        "language": newsletter.locale if newsletter else "en",
    }


def _item(article: Article) -> dict[str, Any]:
    url = absolute(article.get_absolute_url())
    return {
        "title": markdown.typeset(article.headline),
        "link": url,
        "unique_id": _lasting_id(article),
        "unique_id_is_permalink": False,
        "description": markdown.typeset(article.dek),
        "pubdate": article.published_at,
        "updateddate": _updated_at(article),
        "categories": [article.topic.name] if article.topic else [],
        "html": _html(article),
        "locale": article.locale,
        "names": [
            (byline.author.name, absolute(byline.author.get_absolute_url()))
            for byline in article.bylines.all()
        ],
    }


def _json_item(article: Article) -> dict[str, Any]:
    item = _item(article)
    return {
        "id": item["unique_id"],
        "url": item["link"],
        "title": item["title"],
        "summary": item["description"],
        "content_html": item["html"],
        "date_published": item["pubdate"].isoformat(timespec="seconds"),
        "date_modified": item["updateddate"].isoformat(timespec="seconds"),
        "authors": [{"name": name, "url": url} for name, url in item["names"]],
        "tags": item["categories"],
        "language": article.locale,
        **({"image": _picture(article)} if article.image else {}),
    }


def _lasting_id(article: Article) -> str:
    """Return the name by which feed readers know an article, whatever its address is by then.

    With the address itself as the name, a new slug would show everybody the article once more.
    Source: RFC 4287, 4.2.6: it must not change when an entry is relocated
    """
    return uuid5(NAMESPACE_URL, absolute(f"/articles/{article.pk}")).urn


def _updated_at(article: Article) -> datetime | None:
    """Return when what a reader sees last changed: an import of the same text does not count."""
    corrected = [each.at for each in article.corrections.all()]
    return max(corrected, default=article.published_at)


def _picture(article: Article) -> str:
    return absolute(f"{settings.MEDIA_URL}{pictures.mail_name(article.image.name or '')}")


def _html(article: Article) -> str:
    picture = _picture(article) if article.image else ""
    # Whoever fetches a feed reads it to many: its headings are in the language of the text.
    with override(article.locale):
        return render_to_string("briefing/feed_item.html", {"article": article, "picture": picture})
