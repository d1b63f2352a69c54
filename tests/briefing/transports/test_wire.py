"""A spliced copy says what Django's own message would say, in lines that every server takes."""

import re
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from briefing.transports.base import Slots, VariantContent
from briefing.transports.headers import clean
from briefing.transports.wire import WireComposer
from tests.briefing.transports import messages

_HEADERS = (
    *("From", "To", "Subject", "Date", "Message-ID", "Reply-To", "List-Id", "List-Unsubscribe"),
    *("List-Unsubscribe-Post", "Feedback-ID", "MIME-Version", "Content-Type"),
)
copies = given(content=messages.variants, slots=messages.readers)


@example(content=messages.variant(), slots=messages.reader(name="=?utf-8?q?x?="))
@example(content=messages.variant(subject=["=?utf-8?q?x?="]), slots=messages.reader())
@example(content=messages.variant(subject=["a" * 200]), slots=messages.reader(name='"' * 60))
@example(content=messages.variant(text=["a=", "name|there", "."]), slots=messages.reader(name="."))
@copies
def test_a_copy_says_what_djangos_own_message_says(content: VariantContent, slots: Slots) -> None:
    ours = messages.parsed(messages.received(messages.spliced(content, slots)))
    theirs = messages.by_django(content, slots)
    assert messages.parts(ours) == messages.parts(theirs)
    for header in ("From", "Reply-To"):
        assert messages.person(ours, header) == messages.person(theirs, header)
    # What was typed is shown, even where it looks like a code; Django would decode that.
    shown = (clean(slots.name).strip(), slots.recipient)
    assert messages.person(ours, "To") == shown
    assert messages.person(theirs, "To") == shown or "=?" in shown[0]
    typed = messages.subject_of(content, slots)
    assert ours["Subject"] == typed
    assert theirs["Subject"].split() == typed.split() or "=?" in typed


@copies
def test_every_line_is_one_that_every_server_takes(content: VariantContent, slots: Slots) -> None:
    payload = messages.spliced(content, slots)
    raw = messages.received(payload)
    assert raw.isascii()
    assert re.search(rb"[\x00\x0b\x0c\x7f]|\r(?!\n)|(?<!\r)\n", payload) is None
    head, body = raw.split(b"\r\n\r\n", 1)
    for line in head.split(b"\r\n"):
        # Longer only where one word, an address or a token, cannot be broken.
        assert len(line) <= 78 or line.count(b" ") <= 1
        assert len(line) <= 998
        assert line.strip() or not messages.subject_of(content, slots).strip()
    assert all(len(line) <= 76 for line in body.split(b"\r\n"))
    assert not re.search(rb"[ \t]\r\n", body)


@copies
def test_a_copy_has_each_header_once_and_no_other(content: VariantContent, slots: Slots) -> None:
    message = messages.parsed(messages.received(messages.spliced(content, slots)))
    last = ("Content-Transfer-Encoding",) if content.html is None else ()
    assert message.keys() == [*_HEADERS, *last]
    assert not message.defects


@copies
def test_the_way_out_is_one_https_address_and_one_mailto(
    content: VariantContent, slots: Slots
) -> None:
    message = messages.parsed(messages.received(messages.spliced(content, slots)))
    token = slots.values["unsubscribe_token"]
    ways = re.fullmatch(r"<(https://[^<>, ]+)>, <(mailto:[^<>, ]+)>", message["List-Unsubscribe"])
    assert ways
    assert ways[1] == slots.values["one_click_url"]
    assert ways[2] == f"mailto:unsubscribe@briefing.example?subject={token}"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@given(
    newsletter=messages.texts,
    name=messages.texts,
    address=st.builds("{}desk{}@briefing.example".format, messages.texts, messages.texts),
)
def test_no_field_of_a_newsletter_can_begin_a_header(
    newsletter: str, name: str, address: str
) -> None:
    sender = replace(
        messages.SENDER,
        newsletter_name=newsletter,
        from_name=name,
        from_address=address,
        reply_to=address,
        unsubscribe_address=address,
    )
    raw = messages.received(messages.spliced(messages.variant(), messages.reader(), sender))
    head = raw.partition(b"\r\n\r\n")[0].decode()
    names = [line.partition(":")[0] for line in head.split("\r\n") if line[:1] != " "]
    assert names == [*_HEADERS, "Content-Transfer-Encoding"]


@given(newsletter=messages.texts, name=messages.texts)
def test_the_names_of_a_newsletter_are_shown_as_typed(newsletter: str, name: str) -> None:
    sender = replace(messages.SENDER, newsletter_name=newsletter, from_name=name)
    payload = messages.spliced(messages.variant(), messages.reader(), sender)
    message = messages.parsed(messages.received(payload))
    assert messages.person(message, "From") == (clean(name).strip(), "desk@briefing.example")
    list_id = (clean(newsletter).strip(), "robotics-briefing.briefing.example")
    assert messages.person(message, "List-Id") == list_id


def test_a_domain_beyond_ascii_is_written_as_dns_knows_it() -> None:
    sender = replace(
        messages.SENDER, from_name="Bücher", from_address="desk@bücher.example", reply_to=""
    )
    payload = messages.spliced(messages.variant(), messages.reader(), sender)
    message = messages.parsed(messages.received(payload))
    assert messages.person(message, "From") == ("Bücher", "desk@xn--bcher-kva.example")
    assert messages.person(message, "Reply-To")[1] == "desk@xn--bcher-kva.example"
    assert message["Message-ID"] == f"<{messages.TOKEN}@xn--bcher-kva.example>"
    assert message["List-Id"].endswith("<robotics-briefing.xn--bcher-kva.example>")


def test_a_copy_holds_nothing_of_the_copy_before_it() -> None:
    words = ["Dear ", "name|there", ", ", "view_url", ""]
    content = messages.variant(text=words, html=words)
    composer = WireComposer(content, messages.SENDER)
    first = composer.build(messages.reader(name="Ada", address="ada@mail.example", token="A1" * 9))
    second = composer.build(messages.reader(name="Bo", address="bo@mail.example", token="B2" * 9))
    assert b"A1A1" not in second
    assert b"ada" not in second.lower()
    again = composer.build(messages.reader(name="Ada", address="ada@mail.example", token="A1" * 9))
    assert again == first


def test_a_copy_is_these_bytes() -> None:
    content = messages.variant(
        subject=["For ", "name|there", ", now"],
        html=["<p>", "name|there", "</p>\n.", "view_url", ""],
        text=["Dear ", "name|there", ",\n.\n"],
    )
    slots = messages.reader(name="Zo\u00eb & Co", address="zoe@mail.example", token="TOKEN")
    payload = messages.spliced(content, slots)
    boundary = payload.partition(b'boundary="')[2].partition(b'"')[0]
    dated = re.sub(rb"Date: [^\r]+", b"Date: today", payload).replace(boundary, b"BOUNDARY")
    assert len(boundary) == len("=_") + 24
    assert dated.decode().split("\r\n") == [
        "From: The Robotics Briefing <desk@briefing.example>",
        "To: =?utf-8?b?Wm/DqyAmIENv?= <zoe@mail.example>",
        "Subject: =?utf-8?b?Rm9yIFpvw6sgJiBDbywgbm93?=",
        "Date: today",
        "Message-ID: <TOKEN@briefing.example>",
        "Reply-To: <editors@briefing.example>",
        "List-Id: The Robotics Briefing <robotics-briefing.briefing.example>",
        "List-Unsubscribe: <https://briefing.example/one-click/TOKEN/>,",
        " <mailto:unsubscribe@briefing.example?subject=TOKEN>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Feedback-ID: 7:robotics-briefing:issue:briefing",
        "MIME-Version: 1.0",
        "Content-Type: multipart/alternative;",
        ' boundary="BOUNDARY"',
        "",
        "--BOUNDARY",
        *("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"),
        *("", "Dear =", "Zo=C3=AB & Co=", ",", "=2E", ""),
        "--BOUNDARY",
        *("Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"),
        *(
            "",
            "<p>=",
            "Zo=C3=AB &amp; Co=",
            "</p>",
            "..=",
            "https://briefing.example/view/TOKEN/=",
            "",
        ),
        "--BOUNDARY--",
        *(".", ""),
    ]


def test_a_copy_without_html_is_one_part_whose_last_line_ends_once() -> None:
    kind = b"text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable"
    for words, body in (
        (["Dear ", "name|there", ",\n.no"], b"Dear =\r\nAda=\r\n,\r\n..no\r\n.\r\n"),
        (["a\r\nb\rc\n"], b"a\r\nb\r\nc\r\n.\r\n"),
        (["a\r"], b"a\r\n.\r\n"),
        (["a ", "view_url", " "], b"a =\r\nhttps://briefing.example/view/T/=\r\n=20\r\n.\r\n"),
    ):
        payload = messages.spliced(
            messages.variant(text=words), messages.reader(name="Ada", token="T")
        )
        head, _, found = payload.partition(b"\r\n\r\n")
        assert head.endswith(b"\r\nMIME-Version: 1.0\r\nContent-Type: " + kind)
        assert found == body
