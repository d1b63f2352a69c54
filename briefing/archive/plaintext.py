"""Writes Markdown as plain text for mail and feeds: from the token stream, not scraped from HTML."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from markdown_it.token import Token

from briefing.archive import markdown

_MARKS = {"em_open": "_", "em_close": "_", "strong_open": "*", "strong_close": "*"}
# Chinese and Japanese are written without spaces and may break anywhere, but a line may not begin
# with a closing mark. Korean has spaces.
_NO_SPACES = "\u2e80-\ua4cf\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60"
_NOT_FIRST = "、。，．：；！？）」』】〉》〕ー々"
# What may not be broken, with the space behind it.
_PIECE = re.compile(rf"(?:[{_NO_SPACES}]|[^\s{_NO_SPACES}]+)[{_NOT_FIRST}]*\s*|\s+")
_CONTAINER_ENDS = {"blockquote_close", "list_item_close"}


def to_text(text: str, *, locale: str = "en", width: int = 72) -> str:
    """Return the text with headings underlined, lists marked and addresses written out.

    `width` counts columns, of which a wide character takes two.
    """
    blocks, _ = _blocks(markdown.parse(text, locale), 0, width)
    return "\n\n".join(blocks)


def _blocks(tokens: Sequence[Token], start: int, width: int) -> tuple[list[str], int]:
    """Return the blocks up to the token that closes what was open at `start`, and its position."""
    blocks: list[str] = []
    at = start
    while at < len(tokens) and tokens[at].type not in _CONTAINER_ENDS:
        token = tokens[at]
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                block, at = _list(tokens, at, width)
                blocks.append(block)
            case "blockquote_open":
                inner, at = _blocks(tokens, at + 1, width - 2)
                blocks.append(_indent("\n\n".join(inner), "> ", "> "))
            case "heading_open":
                line = wrap(_inline(tokens[at + 1]), width)
                under = "=" if token.tag == "h2" else "-"
                longest = max(map(columns, line.splitlines()), default=0)
                blocks.append(f"{line}\n{under * longest}")
                at += 2
            case "inline":
                blocks.append(wrap(_inline(token), width))
            case "fence" | "code_block":
                blocks.append(_indent(token.content.rstrip("\n"), "    ", "    "))
            case "hr":
                blocks.append("* * *")
        at += 1
    return blocks, at


def _list(tokens: Sequence[Token], start: int, width: int) -> tuple[str, int]:
    """Return one list with its marks, and the position of its closing token."""
    ordered = tokens[start].type == "ordered_list_open"
    number = int(tokens[start].attrs.get("start", 1))
    items: list[str] = []
    at = start + 1
    tight = True
    while tokens[at].type == "list_item_open":
        mark = f"{number}. " if ordered else "- "
        tight = tight and (tokens[at + 1].type != "paragraph_open" or tokens[at + 1].hidden)
        inner, at = _blocks(tokens, at + 1, width - len(mark))
        items.append(_indent(("\n" if tight else "\n\n").join(inner), mark, " " * len(mark)))
        number += 1
        at += 1
    return ("\n" if tight else "\n\n").join(items), at


def _inline(token: Token) -> str:
    return "".join(_words(token.children or []))


def _words(children: Sequence[Token]) -> Iterator[str]:
    """Yield the words of one paragraph; an address follows the words that link to it."""
    address, since = "", ""
    for child in children:
        written = child.content if child.type in {"text", "code_inline"} else ""
        if child.type == "softbreak":
            written = " "
        elif child.type == "hardbreak":
            written = "\n"
        elif child.type == "link_open":
            address, since = str(child.attrs["href"]), ""
        elif child.type == "link_close":
            shown = {address, address.removeprefix("mailto:")}
            written = "" if since.strip() in shown else f" <{address}>"
        yield _MARKS.get(child.type, written)
        since += written


def _indent(text: str, first: str, rest: str) -> str:
    lines = text.split("\n")
    marked = [f"{rest if number else first}{line}".rstrip() for number, line in enumerate(lines)]
    return "\n".join(marked)


def columns(text: str) -> int:
    """Return how many columns the text takes where every character is as wide as it is made."""
    return sum(
        2 if unicodedata.east_asian_width(char) in "WF" else not unicodedata.combining(char)
        for char in text
    )


def wrap(text: str, width: int) -> str:
    """Break lines at spaces, and between the characters of scripts that are written without them."""
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in _PIECE.findall(paragraph):
            if line and columns(line + piece.rstrip()) > width:
                lines.append(line.rstrip())
                line = ""
            line += piece
        lines.append(line.rstrip())
    return "\n".join(lines)
