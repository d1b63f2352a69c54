"""Turns the Markdown that editors write into HTML that cannot do harm.

Two walls: the parser lets no raw HTML through and no address but http(s) and mailto; nh3 then keeps
only the elements that an article needs. The text form is `plaintext`'s.
"""

import re
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

_ALLOWED_ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s]+", re.IGNORECASE)
_TAGS = {
    *("p", "br", "hr", "h2", "h3", "h4", "blockquote", "pre", "code", "em", "strong", "a"),
    *("ul", "ol", "li"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
# The page's own headline is its h1, so the text's first level is h2; below h4 nobody reads a level.
_HIGHEST, _LOWEST = 2, 4


# Which quotation marks a language sets: “…” and ‘…’ unless it is named here.
_QUOTES = {"de": "„“‚‘"}
_ENGLISH_QUOTES = "“”‘’"
_APOSTROPHE_IN_WORD = re.compile(r"(?<=\w)'(?=\w)")
# A number and its sign stay on one line.
_NO_BREAK = "\N{NO-BREAK SPACE}"
_BLANK_BEFORE_SIGN = re.compile(r"(?<=\d) (?=[%€$°])")


@lru_cache(maxsize=512)
def to_html(text: str, locale: str = "en") -> str:
    """Return safe HTML with typographic quotation marks.

    Remembered, because a page that is not cached is rendered again and again.
    """
    return nh3.clean(
        _parser(locale).render(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )


def parse(text: str, locale: str = "en") -> list[Token]:
    """Return the token stream, from which every form of the text is written."""
    return _parser(locale).parse(text)


def typeset(text: str) -> str:
    """Return a line of plain text with apostrophes as they are printed, and no sign alone on a line."""
    return _BLANK_BEFORE_SIGN.sub(_NO_BREAK, _APOSTROPHE_IN_WORD.sub("’", text))


@lru_cache(maxsize=8)
def _parser(locale: str) -> MarkdownIt:
    quotes = _QUOTES.get(locale.partition("-")[0], _ENGLISH_QUOTES)
    parser = MarkdownIt("commonmark", {"html": False, "typographer": True, "quotes": quotes})
    parser.enable("smartquotes")
    # A picture inside the text would be fetched from somewhere; articles have one picture, their own.
    parser.disable(["image", "html_block", "html_inline"])
    parser.core.ruler.push("heading_levels", _shift_headings)
    parser.core.ruler.push("signs", _keep_signs)
    # The library documents this as the place to decide on addresses.
    parser.validateLink = _is_allowed  # type: ignore[assignment,method-assign]  # its types see a method
    return parser


def _is_allowed(address: str) -> bool:
    return _ALLOWED_ADDRESS.fullmatch(address) is not None


def _shift_headings(state: StateCore) -> None:
    """Renumber the text's heading levels from h2, whatever the editor began with and left out."""
    headings = [token for token in state.tokens if token.type.startswith("heading_")]
    used = sorted({int(token.tag[1]) for token in headings})
    levels = {level: min(_HIGHEST + rank, _LOWEST) for rank, level in enumerate(used)}
    for token in headings:
        token.tag = f"h{levels[int(token.tag[1])]}"


def _keep_signs(state: StateCore) -> None:
    """Keep numbers and their signs together, in text and not in code."""
    for token in state.tokens:
        for child in token.children or ():
            if child.type == "text":
                child.content = _BLANK_BEFORE_SIGN.sub(_NO_BREAK, child.content)


def links(text: str) -> list[str]:
    """Return the addresses that the text links to, in order, each once."""
    found: MutableMapping[str, Any] = {}
    for token in parse(text):
        for child in token.children or ():
            if child.type == "link_open":
                found[str(child.attrs["href"])] = None
    return list(found)
