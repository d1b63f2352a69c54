"""Turns the Markdown of a consent notice into the HTML people read. Pure.

A notice may have paragraphs, emphasis, lists, headings and links; whatever else it tries is text.
"""

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt

_TAGS = set("p em strong ul ol li h1 h2 h3 h4 a br blockquote code".split())


@lru_cache(maxsize=64)
def to_html(text: str) -> str:
    """Return safe HTML for a notice's text."""
    drawn = MarkdownIt("commonmark", {"html": False}).render(text)
    return nh3.clean(
        drawn,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
