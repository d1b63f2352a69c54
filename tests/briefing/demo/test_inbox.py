"""The inbox shows mail without letting it act, and exists in a demo copy only."""

import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.test import Client, override_settings
from django.urls import NoReverseMatch, reverse

from briefing.demo import mailbox
from briefing.demo.message import framed
from tests.briefing.demo import routes

pytestmark = pytest.mark.django_db

HTML = (
    '<html><head lang="en"><title>t</title></head><body><a href="/privacy/">link</a></body></html>'
)


def _arrival(
    number: int, *, subject: str = "Confirm your signup", html: str = HTML
) -> mailbox.Arrival:
    message = EmailMessage()
    message["From"] = "The Robotics Briefing <desk@briefing.example>"
    message["To"] = f"reader{number}@mail.example"
    message["Subject"] = subject
    message.set_content("Hello <b>reader</b>: https://briefing.example/confirm/x/")
    if html:
        message.add_alternative(html, subtype="html")
    raw = bytes(message).replace(b"\n", b"\r\n")
    return mailbox.Arrival(
        at=time.time(),
        mail_from="bounces@briefing.example",
        recipients=(f"reader{number}@mail.example",),
        raw=raw,
    )


@pytest.fixture
def box(tmp_path: Path) -> Iterator[mailbox.Mailbox]:
    with (
        override_settings(MODE="demo", ROOT_URLCONF=routes.__name__, LOCAL_DIR=tmp_path),
        mailbox.writing(tmp_path / "mail.sqlite3") as opened,
    ):
        yield opened


def test_mail_is_listed_newest_first_and_paged_by_key(client: Client, box: mailbox.Mailbox) -> None:
    box.keep(_arrival(number) for number in range(60))
    first = client.get("/inbox/")
    assert [line.mail.id for line in first.context["lines"]] == list(range(60, 10, -1))
    second = client.get("/inbox/?before=11")
    assert [line.mail.id for line in second.context["lines"]] == list(range(10, 0, -1))
    assert second.context["older_than"] is None


def test_a_search_finds_recipients_and_subjects_literally(
    client: Client, box: mailbox.Mailbox
) -> None:
    box.keep([_arrival(1), _arrival(2, subject="100% näher"), _arrival(3)])
    found = {
        search: [line.mail.id for line in client.get("/inbox/", {"q": search}).context["lines"]]
        for search in ("READER3@", "100%", "näher", "%", "_", "' OR 1=1 --")
    }
    assert found == {
        "READER3@": [3],
        "100%": [2],
        "näher": [2],
        "%": [2],
        "_": [],
        "' OR 1=1 --": [],
    }


def test_the_inbox_of_a_copy_that_has_sent_nothing_says_so(client: Client, tmp_path: Path) -> None:
    with override_settings(MODE="demo", ROOT_URLCONF=routes.__name__, LOCAL_DIR=tmp_path / "new"):
        answer = client.get("/inbox/")
    assert answer.status_code == 200
    assert "No mail has arrived yet" in answer.text


def test_text_and_headers_are_shown_escaped(client: Client, box: mailbox.Mailbox) -> None:
    box.keep([_arrival(1, subject="<script>alert(1)</script>")])
    for part in ("", "text/", "headers/"):
        page = client.get(f"/inbox/1/{part}").text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page
    assert "Hello &lt;b&gt;reader&lt;/b&gt;" in client.get("/inbox/1/text/").text


def test_a_mail_without_html_opens_as_text(client: Client, box: mailbox.Mailbox) -> None:
    box.keep([_arrival(1, html="")])
    assert "<iframe" not in client.get("/inbox/1/").text
    assert 'class="mail__text"' in client.get("/inbox/1/").text


def test_the_source_is_the_message_byte_for_byte(client: Client, box: mailbox.Mailbox) -> None:
    arrival = _arrival(1)
    box.keep([arrival])
    answer = client.get("/inbox/1/source/")
    assert answer.content == arrival.raw
    assert answer["Content-Disposition"] == 'attachment; filename="mail-1.eml"'
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("number", ["2", "0", str(2**63), str(10**30)])
def test_a_mail_that_does_not_exist_is_not_found(
    client: Client, box: mailbox.Mailbox, number: str
) -> None:
    box.keep([_arrival(1)])
    for part in ("", "text/", "headers/", "html/", "source/"):
        assert client.get(f"/inbox/{number}/{part}").status_code == 404


@pytest.mark.parametrize("before", ["x", "-1", str(10**30), "²"])
def test_an_odd_page_mark_is_no_error(client: Client, box: mailbox.Mailbox, before: str) -> None:
    assert client.get("/inbox/", {"before": before, "q": "%"}).status_code == 200


def test_broken_mail_is_shown_as_far_as_it_goes(client: Client, box: mailbox.Mailbox) -> None:
    raw = (
        b"From: \xff\xfe\r\nSubject: =?x-none?q?=FF?=\r\n"
        b"Content-Type: text/plain; charset=x-none\r\n\r\ncaf\xc3\xa9\r\n"
    )
    box.keep([mailbox.Arrival(0.0, "", ("a@mail.example",), raw)])
    for part in ("", "text/", "headers/", "html/", "source/"):
        assert client.get(f"/inbox/1/{part}").status_code == 200
    assert "café" in client.get("/inbox/1/text/").text


def test_framed_mail_may_neither_script_nor_submit_nor_fetch(
    client: Client, box: mailbox.Mailbox
) -> None:
    box.keep([_arrival(1)])
    answer = client.get("/inbox/1/html/")
    policy = dict(
        part.strip().partition(" ")[::2] for part in answer["Content-Security-Policy"].split(";")
    )
    assert policy == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "img-src": "'self' http://testserver",
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'self'",
        "sandbox": "allow-top-navigation-by-user-activation",
    }
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


def test_the_page_around_the_frame_keeps_the_strict_policy(
    client: Client, box: mailbox.Mailbox
) -> None:
    box.keep([_arrival(1)])
    answer = client.get("/inbox/1/")
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert "frame-src 'self'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert 'sandbox="allow-top-navigation-by-user-activation"' in answer.text


def test_links_of_a_mail_open_in_the_window_around_the_frame(
    client: Client, box: mailbox.Mailbox
) -> None:
    box.keep([_arrival(1), _arrival(2, html="<p>no head</p>")])
    assert '<head lang="en"><base target="_top">' in client.get("/inbox/1/html/").text
    assert client.get("/inbox/2/html/").text.startswith('<base target="_top"><p>')


def test_a_link_that_asks_for_a_window_of_its_own_opens_above_the_frame() -> None:
    button = """<a href="/x" target="_blank">Confirm</a> <A TARGET='_blank' href="/y">Again</A>"""
    assert framed(button) == '<base target="_top"><a href="/x">Confirm</a> <A href="/y">Again</A>'


def test_nothing_of_the_inbox_is_stored_or_indexed(client: Client, box: mailbox.Mailbox) -> None:
    box.keep([_arrival(1)])
    for path in ("/inbox/", "/inbox/1/", "/inbox/1/html/", "/inbox/1/source/"):
        answer = client.get(path)
        assert "no-store" in answer["Cache-Control"]
        assert answer["X-Robots-Tag"] == "noindex"
        assert client.post(path).status_code == 405


@pytest.mark.parametrize("mode", ["test", "production"])
def test_wired_in_elsewhere_by_mistake_it_still_answers_not_found(
    client: Client, box: mailbox.Mailbox, mode: str
) -> None:
    box.keep([_arrival(1)])
    with override_settings(MODE=mode):
        for path in ("/inbox/", "/inbox/1/", "/inbox/1/html/", "/inbox/1/source/"):
            assert client.get(path).status_code == 404


def test_a_copy_of_another_kind_has_no_such_address(client: Client) -> None:
    assert client.get("/inbox/").status_code == 404
    with pytest.raises(NoReverseMatch):
        reverse("inbox")
