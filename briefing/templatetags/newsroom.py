"""What the public pages' templates say about articles: pictures, dates, text, the masthead's topics."""

import re
from datetime import date, datetime
from typing import Any

from django import template
from django.core.files.storage import default_storage
from django.template.loader import render_to_string
from django.utils import formats, timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, pgettext

from briefing.archive import markdown, pictures, reading, searching
from briefing.archive.freshness import remembered
from briefing.issues import slots
from briefing.models import Article, Issue

register = template.Library()

_WORDS_PER_MINUTE = 220
_SIGNING_UP = ("signup", "signup-done")
# Headings, emphasis, quotes and the addresses of links, which an excerpt may have cut short.
_MARKDOWN_SIGNS = re.compile(r"[*_`#>\[]|\]\([^)]*(?:\)|$)|\]")


@register.simple_tag(takes_context=True)
def masthead(context: template.Context) -> SafeString:
    """Show the masthead; the page that it leads to is marked in it.

    Whoever came by a link of their own, or to sign up, is not asked to sign up beside that.
    """
    request = context.get("request")
    path = request.path if request else ""
    marked = path if path.startswith(("/topics/", "/issues/")) else ""
    here = request.resolver_match if request else None
    quiet = here is not None and ("token" in here.kwargs or here.url_name in _SIGNING_UP)
    return _masthead(get_language(), marked, quiet)


@remembered
def _masthead(_language: str, path: str, quiet: bool) -> SafeString:  # noqa: FBT001  memory's arguments have no names
    context = {"path": path, "quiet": quiet, "topics": reading.topics()}
    return render_to_string("_masthead.html", context)


@register.simple_tag
def footer() -> SafeString:
    """Show the foot that every page has."""
    return _footer(get_language())


@remembered
def _footer(_language: str) -> SafeString:
    return render_to_string("_footer.html")


@register.simple_tag
def read_next(article: Article) -> SafeString:
    """Show what to read after an article."""
    return _read_next(get_language(), article)


@remembered
def _read_next(_language: str, article: Article) -> SafeString:
    return render_to_string("briefing/_related.html", {"related": reading.related(article)})


@register.inclusion_tag("briefing/_picture.html")
def picture(article: Article, *, sizes: str, eager: bool = False) -> dict[str, Any]:
    """Show an article's picture in the size that the browser needs; `sizes` is HTML's own attribute."""
    name = article.image.name or ""
    dimensions = pictures.size(name)
    offered = pictures.renditions(name)
    url = default_storage.url
    return {
        "alt": article.image_alt,
        "eager": eager,
        "height": dimensions[1] if dimensions else None,
        "sizes": sizes,
        # A browser without srcset is old and small: it gets the second size.
        "src": url(offered[min(1, len(offered) - 1)].name) if offered else article.image.url,
        "srcset": ", ".join(f"{url(each.name)} {each.width}w" for each in offered),
        "width": dimensions[0] if dimensions else None,
    }


@register.filter
def day(moment: datetime | date | None) -> str:
    """Write a date as a newspaper does: 24 November 2026."""
    if moment is None:
        return ""
    if isinstance(moment, datetime):
        moment = timezone.localtime(moment)
    return formats.date_format(moment, pgettext("form of a date", "j F Y"))


@register.filter
def machine(moment: datetime | None) -> str:
    """Write a moment for `datetime` attributes, which allow no microseconds."""
    return moment.isoformat(timespec="seconds") if moment else ""


@register.filter
def month(moment: datetime | date) -> str:
    """Write a month: November 2026."""
    if isinstance(moment, datetime):
        moment = timezone.localtime(moment)
    return formats.date_format(moment, pgettext("form of a month", "F Y"))


@register.filter
def rendered(text: str, locale: str = "en") -> SafeString:
    """Write Markdown as HTML, with the quotation marks of its language."""
    return mark_safe(markdown.to_html(text, locale))  # noqa: S308  nh3 has cleaned it


@register.filter
def typeset(text: str) -> str:
    """Write a headline or a sentence with printed apostrophes."""
    return markdown.typeset(text)


@register.filter
def marked(excerpt: str) -> SafeString:
    """Write an excerpt of a search with the found words marked, and no Markdown in it."""
    plain = markdown.typeset(_MARKDOWN_SIGNS.sub("", excerpt))
    text = escape(plain).replace(searching.FOUND, "<mark>")
    return mark_safe(text.replace(searching.FOUND_END, "</mark>"))  # noqa: S308  escaped above


@register.filter
def for_everybody(text: str) -> str:
    """Write what an issue says with nobody's name in it."""
    return slots.for_everybody(text)


@register.filter
def public_subject(issue: Issue) -> str:
    """Return the subject under which an issue is known, with nobody's name in it."""
    return slots.for_everybody(reading.subject_of(issue))


@register.filter
def minutes(article: Article) -> int:
    """Return how long an article takes to read."""
    words = len(article.body.split()) + len(article.dek.split())
    return max(1, round(words / _WORDS_PER_MINUTE))
