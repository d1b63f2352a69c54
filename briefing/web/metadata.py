"""What machines are told about a page: canonical address, preview card, schema.org data."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from briefing.archive import markdown, pictures, reading
from briefing.archive.freshness import remembered
from briefing.models import Article
from subscribers.links import absolute
from subscribers.models import Newsletter

# The same characters that Django's own json_script escapes: none of them can end a script element.
_ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}
_DESCRIPTION_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Metadata:
    """One page as machines see it. `image` is an absolute address."""

    title: str
    description: str
    url: str
    kind: str = "website"
    image: str = ""
    image_alt: str = ""
    published: str = ""
    modified: str = ""
    section: str = ""
    data: SafeString | str = ""
    authors: list[str] = field(default_factory=list)


@remembered
def of_article(article: Article, newsletter: Newsletter | None) -> Metadata:
    """Describe an article."""
    published = _moment(article.published_at)
    modified = max([published, *(_moment(each.at) for each in article.corrections.all())])
    return Metadata(
        title=markdown.typeset(article.headline),
        description=_short(markdown.typeset(article.dek)),
        url=absolute(article.get_absolute_url()),
        kind="article",
        image=share_image(article),
        image_alt=article.image_alt,
        published=published,
        modified=modified,
        section=article.topic.name if article.topic else "",
        authors=[absolute(byline.author.get_absolute_url()) for byline in article.bylines.all()],
        data=_script(_news_article(article, newsletter, published, modified)),
    )


def of_page(path: str, *, title: str, description: str = "") -> Metadata:
    """Describe a page that is no article; without a description of its own it has the newsletter's."""
    if not description:
        newsletter = reading.house_newsletter()
        description = newsletter.tagline if newsletter else ""
    return Metadata(
        title=title,
        description=_short(description),
        url=absolute(path),
        image=absolute(reverse("share-image")),
        image_alt=_("The Robotics Briefing"),
    )


def share_image(article: Article) -> str:
    """Return the address of the card that social networks show for an article."""
    return absolute(reverse("article-share-image", args=[article.slug]))


def _news_article(
    article: Article, newsletter: Newsletter | None, published: str, modified: str
) -> dict[str, Any]:
    """Return schema.org's NewsArticle.

    Source: https://schema.org/NewsArticle
    """
    url = absolute(article.get_absolute_url())
    name = newsletter.name if newsletter else "The Robotics Briefing"
    newsroom = {"@type": "NewsMediaOrganization", "name": name, "url": absolute("/")}
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": markdown.typeset(article.headline),
        "description": markdown.typeset(article.dek),
        "inLanguage": article.locale,
        "datePublished": published,
        "dateModified": modified,
        "mainEntityOfPage": url,
        "author": [
            {
                "@type": "Person",
                "name": byline.author.name,
                "url": absolute(byline.author.get_absolute_url()),
            }
            for byline in article.bylines.all()
        ]
        # Without a byline it is the newsroom's.
        or [newsroom],
        "publisher": newsroom,
        "isAccessibleForFree": True,
        "citation": [source.url for source in article.sources.all() if source.url],
    }
    if article.topic:
        data["articleSection"] = article.topic.name
    if article.image:
        data["image"] = [_image(article)]
    if corrections := [each.text for each in article.corrections.all()]:
        data["correction"] = corrections
    return data


def _image(article: Article) -> dict[str, Any]:
    name = article.image.name or ""
    image: dict[str, Any] = {
        "@type": "ImageObject",
        "url": absolute(default_storage.url(name)),
        "creditText": article.image_credit,
        "caption": article.image_alt,
    }
    if measures := pictures.size(name):
        image["width"], image["height"] = measures
    return image


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


def _script(data: dict[str, Any]) -> SafeString:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return mark_safe(text.translate(_ESCAPES))  # noqa: S308  what could end the element is escaped


def _short(text: str) -> str:
    """Cut a description at a word; search engines show no more of it anyway."""
    if len(text) <= _DESCRIPTION_LENGTH:
        return text
    return text[:_DESCRIPTION_LENGTH].rsplit(" ", 1)[0].rstrip(",;:") + "…"
