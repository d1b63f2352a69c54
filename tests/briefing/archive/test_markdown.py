"""What may become of an editor's Markdown on a page."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.archive import markdown


def test_an_article_s_text_becomes_paragraphs_lists_and_quotes() -> None:
    assert markdown.to_html("One *word*.\n\n- a\n- b\n\n> **Said.**") == (
        "<p>One <em>word</em>.</p>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"
        "<blockquote>\n<p><strong>Said.</strong></p>\n</blockquote>\n"
    )


def test_headings_begin_below_the_headline_and_leave_no_level_out() -> None:
    html = markdown.to_html("### First\n\n###### Deeper\n\n### Second")
    assert html == "<h2>First</h2>\n<h3>Deeper</h3>\n<h2>Second</h2>\n"


def test_raw_html_is_shown_and_not_obeyed() -> None:
    html = markdown.to_html('<script>alert(1)</script> <b onclick="alert(1)">bold</b>')
    assert "<script" not in html
    assert "<b " not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java&#115;cript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:msgbox(1)",
        "file:///etc/passwd",
        "//other.example/",
        "/admin/",
        "#top",
    ],
)
def test_only_web_and_mail_addresses_become_links(address: str) -> None:
    assert "<a" not in markdown.to_html(f"[a word]({address}) and <{address}>")


def test_web_and_mail_addresses_do_become_links() -> None:
    html = markdown.to_html("[a](https://example.org/?a=1&b=2) [b](mailto:desk@example.org)")
    assert '<a href="https://example.org/?a=1&amp;b=2">a</a>' in html
    assert '<a href="mailto:desk@example.org">b</a>' in html


def test_a_picture_in_the_text_is_not_fetched() -> None:
    assert "<img" not in markdown.to_html("![a map](https://example.org/map.png)")


def test_the_links_of_a_text_are_listed_once_in_order() -> None:
    text = "[a](https://b.example/) <https://a.example/> [c](https://b.example/)"
    assert markdown.links(text) == ["https://b.example/", "https://a.example/"]


class Elements(HTMLParser):
    """Collects what a browser would build from the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@given(st.text(alphabet="<>&\"'`[]()!#*_-\\/:;=abcjhreftpsonimglc \n", max_size=200))
def test_nothing_typed_brings_an_element_or_attribute_of_its_own(text: str) -> None:
    for tag, attributes in Elements(markdown.to_html(text)).found:
        assert tag in {"p", "br", "hr", "h2", "h3", "h4", "blockquote", "pre", "code"} | {
            *("em", "strong", "a", "ul", "ol", "li")
        }
        assert set(attributes) <= {"href", "title", "start"}
        assert (attributes.get("href") or "http:").startswith(("http:", "https:", "mailto:"))


def test_quotation_marks_are_those_of_the_language() -> None:
    text = '"It\'s gone," says she.'
    assert markdown.to_html(text) == "<p>“It’s gone,” says she.</p>\n"
    assert markdown.to_html(text, "de-AT") == "<p>„It’s gone,“ says she.</p>\n"
    assert markdown.to_html('`"a"`') == '<p><code>"a"</code></p>\n'


def test_an_apostrophe_in_a_headline_is_printed_and_a_measure_is_left_alone() -> None:
    assert markdown.typeset("Europe's Robots, 6' tall") == "Europe’s Robots, 6' tall"


def test_a_number_and_its_sign_stay_on_one_line_except_in_code() -> None:
    kept = "\N{NO-BREAK SPACE}"
    assert markdown.to_html("Up 18,5 % to 40 €; `10 % 3`.") == (
        "<p>Up 18,5&nbsp;% to 40&nbsp;€; <code>10 % 3</code>.</p>\n"
    )
    assert markdown.typeset("Up 5 % in May") == f"Up 5{kept}% in May"
