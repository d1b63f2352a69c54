"""Reads a mail's HTML as a mail client would: elements in order, with the text that is shown."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_STARTS_A_LINE = {"p", "h1", "h2", "li", "td", "div", "br"}


@dataclass(slots=True)
class Element:
    """One start tag; `text` is what it holds, for links."""

    tag: str
    attributes: dict[str, str]
    text: str = ""


@dataclass(slots=True)
class Page:
    """What was found: every element in order, and all text outside head and comments."""

    elements: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, tag: str) -> list[Element]:
        return [each for each in self.elements if each.tag == tag]

    @property
    def links(self) -> list[Element]:
        return [each for each in self.all("a") if "href" in each.attributes]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._unseen = ""
        self._link: Element | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _STARTS_A_LINE:
            self.page.text += " "
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.page.elements.append(element)
        if tag in {"style", "title"}:
            self._unseen = tag
        if tag == "a":
            self._link = element
        elif tag == "img" and self._link:
            self._link.text += element.attributes.get("alt", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unseen:
            self._unseen = ""
        if tag == "a":
            self._link = None

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        self.page.text += data
        if self._link:
            self._link.text += data


def read(html: str) -> Page:
    """Parse one mail."""
    reader = _Reader()
    reader.feed(html)
    reader.page.text = " ".join(reader.page.text.split())
    return reader.page
