"""What rendering promises to whoever hands it a mail: three parts, no loss, nothing fetched."""

import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NoReturn

import pytest
from pytest_django import Settings

from subscribers.rendering import BrokenMailError, Rendered, render

BODY = """<mjml lang="en" dir="ltr"><mj-head><mj-title>{{ title }}</mj-title>
<mj-preview>{{ hello }}</mj-preview>
<mj-style>.loud { color: #123456; }
@media (prefers-color-scheme: dark) { .loud { color: #fedcba !important; } }</mj-style>
<mj-raw><meta name="color-scheme" content="light dark" /></mj-raw></mj-head>
<mj-body><mj-section><mj-column>
<mj-text><p class="loud">{{ hello }} <a href="{{ link }}">go</a></p></mj-text>
</mj-column></mj-section></mj-body></mjml>"""


@pytest.fixture
def mails(tmp_path: Path, settings: Settings) -> Path:
    """A folder of templates of our own, with one good mail named `hello` in it."""
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    folder = tmp_path / "emails" / "hello"
    folder.mkdir(parents=True)
    (folder / "subject.txt").write_text("{{ title }}\n", "utf-8")
    (folder / "body.txt").write_text("{{ hello }}\n\n{{ link }}\n", "utf-8")
    (folder / "body.mjml").write_text(BODY, "utf-8")
    return folder


def hello(**changes: str) -> Rendered:
    values = {"title": "Hello", "hello": "Good day", "link": "https://example.org/?a=1&b=2"}
    return render("hello", {**values, **changes}, locale="en")


@pytest.mark.usefixtures("mails")
def test_the_subject_is_one_line_whatever_the_template_and_the_values_hold() -> None:
    assert hello(title=" A\r\n  subject\tin\x0b lines ").subject == "A subject in lines"


@pytest.mark.usefixtures("mails")
def test_text_is_not_escaped_and_html_is() -> None:
    mail = hello(hello="Fish & <chips>")
    assert "Fish & <chips>" in mail.text
    assert "https://example.org/?a=1&b=2" in mail.text
    assert "Fish &amp; &lt;chips&gt;" in mail.html
    assert 'href="https://example.org/?a=1&amp;b=2"' in mail.html


@pytest.mark.usefixtures("mails")
def test_markers_come_through_every_part_untouched_and_uncounted() -> None:
    word, link = "S9f3k0", "https://slot.invalid/S7q2x1"
    mail = hello(title=word, hello=f"{word} {word}", link=link)
    assert mail.subject == word
    assert Counter({word: mail.text.count(word), link: mail.text.count(link)}) == {word: 2, link: 1}
    # Title and its aria-label, twice in the preheader, twice in the paragraph.
    assert mail.html.count(word) == 6
    assert mail.html.count(f'href="{link}"') == 1


@pytest.mark.usefixtures("mails")
def test_nothing_goes_to_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a mail was rendered by asking somebody else's server")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert "<link" not in hello().html
    assert "fonts.googleapis" not in hello().html
    assert "@import" not in hello().html


@pytest.mark.usefixtures("mails")
def test_rules_are_inlined_and_those_for_dark_mode_survive() -> None:
    page = hello().html
    assert '<p class="loud" style="display:block;margin:13px 0;color:#123456">' in page
    assert "@media (prefers-color-scheme: dark)" in page
    assert "color: #fedcba !important" in page
    assert '<meta name="color-scheme" content="light dark">' in page


def test_html_of_articles_need_not_be_xml(mails: Path) -> None:
    (mails / "body.mjml").write_text(BODY.replace("{{ hello }} <", "{{ hello|safe }} <"), "utf-8")
    page = hello(hello="a<br>b&nbsp;c &LT; d &amp; e").html
    assert "a<br>b&nbsp;c &lt; d &amp; e" in page


def test_indents_go_and_preformatted_text_stays(mails: Path) -> None:
    piece = "<mj-text>a\n      b <pre>c\n    d</pre></mj-text>\n</mj-column>"
    (mails / "body.mjml").write_text(BODY.replace("</mj-column>", piece), "utf-8")
    page = hello().html
    assert "a\nb <pre>c\n    d</pre>" in page
    assert "\n " not in page.replace("c\n    d", "")


def test_text_is_folded_at_72_columns_and_links_stay_whole(mails: Path) -> None:
    link = "https://example.org/" + "a" * 90
    (mails / "body.txt").write_text("{{ hello }}\n\n\n\n- {{ hello }}\n  {{ link }}\n\n", "utf-8")
    text = hello(hello="word " * 30, link=link).text
    lines = text.split("\n")
    assert max(len(line) for line in lines if "example" not in line) <= 72
    assert f"  {link}" in lines
    assert "\n\n\n" not in text
    assert text.endswith("a\n")
    assert lines[lines.index("") + 2].startswith("  word")


@pytest.mark.usefixtures("mails")
def test_controls_are_dropped_and_other_scripts_are_not() -> None:
    mail = hello(hello="مرحبا \x00\x0b\x1f\x85日本 Łódź\ufffe")
    assert "مرحبا 日本 Łódź\n" in mail.text
    assert "مرحبا 日本 Łódź" in mail.html


@pytest.mark.parametrize(
    ("part", "source", "line", "reason"),
    [
        ("body.txt", "one\n{% if %}x{% endif %}", 2, "Unexpected end of expression"),
        ("body.txt", "one\ntwo\n{{ nobody.home }}", 3, "“nobody.home” is not in the context"),
        ("subject.txt", "{{ titel }}", 1, "“titel” is not in the context"),
        ("body.mjml", "<mjml>\n<mj-body>\n</mjml>", 3, "mismatched tag"),
        ("body.mjml", BODY.replace("{{ hello }}</mj-p", "<b>x</b></mj-p"), 2, "unexpected token"),
        ("body.mjml", BODY.replace("mj-text", "mj-txet"), 7, "MJML knows no <mj-txet>"),
    ],
)
def test_a_broken_template_is_named_with_its_line(
    mails: Path, part: str, source: str, line: int, reason: str
) -> None:
    (mails / part).write_text(source, "utf-8")
    with pytest.raises(BrokenMailError) as caught:
        hello()
    assert caught.value.template == f"emails/hello/{part}"
    assert caught.value.line == line
    assert reason in caught.value.reason
    assert str(caught.value).startswith(f"emails/hello/{part}, line {line}: ")


def test_an_error_shows_nothing_of_what_was_filled_in(mails: Path) -> None:
    (mails / "body.mjml").write_text("<mjml>{{ link }}</mjlm>", "utf-8")
    with pytest.raises(BrokenMailError) as caught:
        hello(link="https://example.org/confirm/token")
    assert "token" not in f"{caught.value!r} {caught.value}"


def test_a_hole_in_a_shared_partial_is_named_there(mails: Path) -> None:
    (mails.parent / "_foot.txt").write_text("\n{{ address }}", "utf-8")
    (mails.parent / "_frame.txt").write_text("{% block all %}{% endblock %}", "utf-8")
    (mails / "body.txt").write_text(
        '{% extends "emails/_frame.txt" %}\n{% block all %}\n{% include "emails/_foot.txt" %}'
        "{% endblock %}",
        "utf-8",
    )
    with pytest.raises(BrokenMailError) as caught:
        hello()
    assert (caught.value.template, caught.value.line) == ("emails/_foot.txt", 2)


@pytest.mark.usefixtures("mails")
def test_a_mail_that_does_not_exist_is_named() -> None:
    with pytest.raises(BrokenMailError, match=r"emails/other/subject\.txt: there is no such"):
        render("other", {}, locale="en")


def test_the_language_is_the_mails_own_not_the_requests(mails: Path) -> None:
    (mails / "body.txt").write_text(
        "{% load i18n %}{% get_current_language as code %}{{ code }}", "utf-8"
    )
    values = {"title": "T", "hello": "H", "link": "#"}
    assert [render("hello", values, locale=code).text for code in ("de", "en")] == ["de\n", "en\n"]


def test_other_processes_render_the_same_bytes() -> None:
    script = (
        "from subscribers.rendering import _compiled\n"
        f"print(_compiled({BODY.replace('{{ ', '').replace(' }}', '')!r}, template='x'))"
    )
    pages = {
        subprocess.run(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, check=True, text=True
        ).stdout
        for _ in range(2)
    }
    assert len(pages) == 1
