"""Reads an article from a text file of the published form: headline first, newsletter box last.

Before it stands a file in a folder, after it `importing`, which writes what was read to the database.
Pure: text in, a draft or a reason out.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext

# What the database holds of each; a longer one is refused here, where the line is still known.
MAX_HEADLINE = 200
MAX_NAME = 120
MAX_CREDIT = 200
MAX_WATCH_HEADING = 80
MAX_TITLE = 300
MAX_PUBLISHER = 160
MAX_URL = 600

# Curly, straight and the look-alikes that word processors and translations bring along.
_APOSTROPHE = "['\u2019\u2018\u02bc\u2032\u00b4`]"
_BYLINE = re.compile(r"by(?:\s+(?P<names>.*))?", re.IGNORECASE)
_BETWEEN_NAMES = re.compile(r"\s*[,;]\s*(?:(?:and|&)\s+)?|\s+(?:and|&)\s+", re.IGNORECASE)
_CREDIT = re.compile(
    r"image\s*/\s*(?P<credit>.*)|(?P<bare>(?:photo|image|illustration)\s+by\s+.+)", re.IGNORECASE
)
_WATCH = re.compile(
    rf"#{{1,6}}\s*what\s+we{_APOSTROPHE}?re\s+watching\s+next(?:\s+in\b\s*(?P<topic>.*))?",
    re.IGNORECASE,
)
_SOURCES = re.compile(r"(?:#{1,6}\s*)?sources\s*:?", re.IGNORECASE)
_NEWSLETTER = re.compile(r"(?:#{1,6}\s*)?newsletter\s*:?", re.IGNORECASE)
_ITEM_MARK = re.compile(r"(?:[-*+\u2022\u2013\u2014]|\d{1,3}[.)])\s+")
# Lines that Markdown reads together with the line before: parting them would change what they mean.
_BLOCK_LINE = re.compile(r"(?:[-*+]|\d{1,3}[.)])\s|>|\|")
_MARKDOWN_LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<url>https?://[^\s)]+)\)", re.IGNORECASE)
_URL_AT_END = re.compile(r"[<(]?(?P<url>https?://[^\s<>]+?)[>)]?\s*$", re.IGNORECASE)
_DASH = re.compile(r"\s+[-\u2013\u2014]\s+")


class SeedError(ValueError):
    """The text is not of the published form. `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SourceDraft:
    """One line under "Sources". Only the title is always there."""

    title: str
    publisher: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class NewsletterBox:
    """What the box at the foot of the page says of the newsletter."""

    name: str
    tagline: str = ""
    promise: str = ""


@dataclass(frozen=True, slots=True)
class ArticleDraft:
    """Everything that the form says of an article. The body is Markdown."""

    headline: str
    authors: tuple[str, ...]
    dek: str
    body: str = ""
    image_credit: str = ""
    watch_heading: str = ""
    watch_items: tuple[str, ...] = ()
    sources: tuple[SourceDraft, ...] = ()
    newsletter: NewsletterBox | None = None


@dataclass(slots=True)
class _Sections:
    """The lines of each part, as (line number, text), and where each heading stood."""

    text: list[tuple[int, str]] = field(default_factory=list)
    watch: list[tuple[int, str]] = field(default_factory=list)
    sources: list[tuple[int, str]] = field(default_factory=list)
    newsletter: list[tuple[int, str]] = field(default_factory=list)
    headings: dict[str, int] = field(default_factory=dict)
    watch_heading: str = ""


def decode(raw: bytes) -> str:
    """Return the text of a file: UTF-8, or UTF-16 when a byte order mark says so.

    Raises: SeedError with the line of the first byte that is no text.
    """
    utf16 = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return raw.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SeedError(line, gettext("this is not UTF-8 text; save the file as UTF-8")) from error


def parse(text: str) -> ArticleDraft:
    """Read one article.

    Raises: SeedError with the line and the reason when the text is not of the form.
    """
    lines = _lines(text)
    if not lines:
        raise SeedError(1, gettext("the file is empty; it begins with the headline"))
    number, headline = lines.pop(0)
    headline = _within(headline.lstrip("#").strip(), MAX_HEADLINE, number, gettext("the headline"))
    authors = _authors(lines, after=number)
    credit = _credit(lines)
    parts = _split(lines)
    if not parts.text:
        where = min(parts.headings.values(), default=number + 1)
        raise SeedError(where, gettext("there is no text between the byline and this line"))
    (_, dek), *body = parts.text
    return ArticleDraft(
        headline=headline,
        authors=authors,
        image_credit=credit,
        dek=dek,
        body=_join(line for _, line in body),
        watch_heading=parts.watch_heading,
        watch_items=tuple(_unmarked(line) for _, line in parts.watch),
        sources=tuple(_source(line, number) for number, line in parts.sources),
        newsletter=_box([line for _, line in parts.newsletter]),
    )


def _lines(text: str) -> list[tuple[int, str]]:
    """Return (number, line) for every line that says something, without marks and line ends."""
    text = unicodedata.normalize("NFC", text.removeprefix("\ufeff"))
    for ending in ("\r\n", "\r", "\u2028", "\u2029"):
        text = text.replace(ending, "\n")
    numbered = []
    for number, line in enumerate(text.split("\n"), start=1):
        if any(unicodedata.category(char) == "Cc" and char != "\t" for char in line):
            raise SeedError(
                number, gettext("there is a control character in this line; is it a text file?")
            )
        if line.strip():
            numbered.append((number, line.strip()))
    return numbered


def _within(value: str, limit: int, line: int, what: str) -> str:
    if not value:
        raise SeedError(line, gettext("%(what)s is empty") % {"what": what})
    if len(value) > limit:
        raise SeedError(
            line,
            gettext("%(what)s has %(number)d characters; at most %(limit)d are kept")
            % {"what": what, "number": len(value), "limit": limit},
        )
    return value


def _authors(lines: list[tuple[int, str]], *, after: int) -> tuple[str, ...]:
    """Take the byline off the lines and return its names, each once, in their order."""
    number, line = lines[0] if lines else (after + 1, "")
    match = _BYLINE.fullmatch(line)
    if match is None:
        raise SeedError(
            number, gettext("the line after the headline should say who wrote it: “By …”")
        )
    # O'Rourke and O’Rourke are one person.
    written = re.sub(_APOSTROPHE, "\u2019", match["names"] or "")
    names = [name for name in _BETWEEN_NAMES.split(written) if name]
    if not names:
        raise SeedError(number, gettext("the byline names nobody"))
    for name in names:
        _within(name, MAX_NAME, number, gettext("a name in the byline"))
    lines.pop(0)
    return tuple(dict.fromkeys(names))


def _credit(lines: list[tuple[int, str]]) -> str:
    """Take the image credit off the lines, if it stands there: an article may have no image."""
    if not lines or (found := credited(lines[0][1])) is None:
        return ""
    number, _ = lines.pop(0)
    return _within(found, MAX_CREDIT, number, gettext("the image credit")) if found else ""


def credited(line: str) -> str | None:
    """Return whom a line such as "Image / Photo by A on B" credits; None for any other line."""
    match = _CREDIT.fullmatch(line)
    return None if match is None else (match["credit"] or match["bare"] or "").strip()


def _split(lines: list[tuple[int, str]]) -> _Sections:
    """Sort the lines below the head into the form's parts."""
    parts = _Sections()
    current = parts.text
    for number, line in lines:
        if match := _WATCH.fullmatch(line):
            _begin(parts, "What we’re watching next", number)
            heading = (match["topic"] or "").strip().rstrip(".:").strip()
            if heading:
                _within(heading, MAX_WATCH_HEADING, number, gettext("the subject watched"))
            parts.watch_heading = heading
            current = parts.watch
        elif _SOURCES.fullmatch(line):
            _begin(parts, "Sources", number)
            current = parts.sources
        elif _NEWSLETTER.fullmatch(line):
            _begin(parts, "Newsletter", number)
            current = parts.newsletter
        else:
            current.append((number, line))
    return parts


def _begin(parts: _Sections, name: str, number: int) -> None:
    """Note where a section begins; a second of the same name would hide the first."""
    first = parts.headings.setdefault(name, number)
    if first != number:
        raise SeedError(
            number,
            gettext("a second section “%(name)s”; the first begins in line %(line)d")
            % {"name": name, "line": first},
        )


def _join(lines: Iterator[str]) -> str:
    """Make Markdown of a body in which every line is a paragraph."""
    body = ""
    before_is_block = False
    for line in lines:
        is_block = bool(_BLOCK_LINE.match(line))
        separator = "\n" if is_block and before_is_block else "\n\n"
        body = f"{body}{separator}{line}" if body else line
        before_is_block = is_block
    return body


def _unmarked(line: str) -> str:
    return _ITEM_MARK.sub("", line, count=1) if _ITEM_MARK.match(line) else line


def _source(line: str, number: int) -> SourceDraft:
    """Read `Publisher - Title - address`, of which the title alone must be there."""
    text, url = _unmarked(line), ""
    if match := _MARKDOWN_LINK.search(text):
        url = match["url"]
        text = f"{text[: match.start()]}{match['text']}{text[match.end() :]}"
    elif match := _URL_AT_END.search(text):
        url = match["url"]
        text = text[: match.start()]
    text = text.strip().strip("-\u2013\u2014:|").strip()
    publisher, *rest = _DASH.split(text, maxsplit=1)
    title, publisher = (rest[0], publisher) if rest else (publisher, "")
    if len(url) > MAX_URL:
        raise SeedError(
            number,
            gettext("the source’s address is longer than %(limit)d characters")
            % {"limit": MAX_URL},
        )
    _within(title or url, MAX_TITLE, number, gettext("the source’s title"))
    if publisher:
        _within(publisher, MAX_PUBLISHER, number, gettext("the source’s publisher"))
    return SourceDraft(title=title or url, publisher=publisher, url=url)


def _box(lines: list[str]) -> NewsletterBox | None:
    if not lines:
        return None
    name, tagline, *promise = lines if len(lines) > 1 else (*lines, "")
    # A promise broken into several lines is still one promise.
    return NewsletterBox(name=name, tagline=tagline, promise=" ".join(promise))
