"""Replies are cut out of whatever pieces they arrive in, and hold no address when shown."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.dispatch.outcome import ACCEPTED, DEFERRED, REJECTED, UNKNOWN
from briefing.transports.smtp.reply import (
    Replies,
    Reply,
    blames_reader,
    of_envelope,
    of_message,
)

_LINES = (
    b"250-first\r\n250 last\r\n",
    b"354 go ahead\n",
    b"250\r\n",
    b"550-5.1.1 The account does not exist.\r\n550-5.1.1 Try again\r\n550 5.1.1 elsewhere\r\n",
    b"421 \xe4\xf6\r\n",
)
_EXPECTED = [
    "250 first",
    "354 go ahead",
    "250",
    "550 5.1.1 The account does not exist.",
    "421 \ufffd\ufffd",
]


@given(cuts=st.lists(st.integers(0, sum(map(len, _LINES))), max_size=12))
def test_replies_come_whole_however_they_are_cut(cuts: list[int]) -> None:
    stream, replies = b"".join(_LINES), Replies()
    ends = [0, *sorted(cuts), len(stream)]
    found = [reply for begin, end in pairwise(ends) for reply in replies.feed(stream[begin:end])]
    assert [str(reply) for reply in found] == _EXPECTED
    assert [reply.code for reply in found] == [250, 354, 250, 550, 421]
    assert not replies.unreadable


def _is_no_reply(line: bytes) -> bool:
    return re.match(rb"\d{3}[ \r\n-]", line + b"\n") is None


@given(noise=st.binary(min_size=1, max_size=20).filter(_is_no_reply))
def test_what_came_before_noise_is_still_heard(noise: bytes) -> None:
    replies = Replies()
    assert [reply.code for reply in replies.feed(b"250 kept\r\n" + noise + b"\n")] == [250]
    assert replies.unreadable


def test_a_line_without_an_end_is_unreadable_before_it_fills_the_memory() -> None:
    replies = Replies()
    assert not replies.feed(b"250 " + b"x" * 8000)
    assert not replies.unreadable
    assert not replies.feed(b"x" * 8000)
    assert replies.unreadable


@pytest.mark.parametrize("line", [b"2500 messages waiting", b"25", b"25 0", b"", b"250_ok"])
def test_only_three_digits_by_themselves_are_a_code(line: bytes) -> None:
    replies = Replies()
    assert not replies.feed(line + b"\r\n")
    assert replies.unreadable


def test_an_address_in_a_reply_is_not_shown() -> None:
    said = b"550 5.1.1 <ada@mail.example>: user bo@mail.example unknown at mail.example"
    shown = str(Reply(550, said))
    assert shown == "550 5.1.1 <address>: user <address> unknown at mail.example"


def test_a_long_reply_is_shown_in_part() -> None:
    # Of 120 characters the last would be a space.
    assert str(Reply(550, b"550 x" + b"word " * 100)) == f"550 x{'word ' * 100}"[:119]


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        *((code, ACCEPTED) for code in (200, 250, 299)),
        *((code, DEFERRED) for code in (400, 421, 499)),
        *((code, REJECTED) for code in (500, 554, 599)),
        *((code, UNKNOWN) for code in (100, 199, 300, 354, 399, 600)),
    ],
)
def test_the_reply_after_the_dot_is_definite_by_its_first_digit(code: int, outcome: int) -> None:
    assert of_message(Reply(code, b"")) == outcome


@pytest.mark.parametrize(
    ("stage", "line", "utf8", "outcome"),
    [
        ("mail", b"400 later", False, DEFERRED),
        ("rcpt", b"499 later", False, DEFERRED),
        # Of MAIL only the size and SMTPUTF8 are the copy's own.
        ("mail", b"550 5.7.1 sender", False, None),
        ("mail", b"550 5.7.1 sender", True, REJECTED),
        ("mail", b"552 too large", False, REJECTED),
        ("mail", b"554-5.3.4 too large", False, REJECTED),
        ("mail", b"554 5.3.45 else", False, None),
        ("rcpt", b"550 5.1.1 nobody", False, REJECTED),
        ("data", b"554 5.5.1 no", False, REJECTED),
        ("rcpt", b"500 what", False, None),
        ("rcpt", b"530 log in", True, None),
        ("data", b"503 order", False, None),
    ],
)
def test_a_refused_envelope_is_the_copys_or_ours(
    stage: str, line: bytes, outcome: int | None, *, utf8: bool
) -> None:
    assert of_envelope(stage, Reply(int(line[:3]), line), utf8=utf8) == outcome


def test_a_reply_is_shown_without_what_no_row_can_hold() -> None:
    assert (
        str(Reply(550, b"550 5.1.1 no\0body \x1b[31mhere\xe2\x80\xae"))
        == "550 5.1.1 nobody [31mhere"
    )


@pytest.mark.parametrize(
    ("code", "blames"),
    [
        ("550 5.1.1 nobody", True),
        ("550-5.2.1 closed", True),
        ("552 5.2.2 full", True),
        ("553 5.1.8 your domain", False),
        ("553 5.1.7 your address", False),
        ("550 5.1.10 takes no mail", True),
        ("554 5.7.1 Relay access denied", False),
        ("550 relay not permitted", False),
        ("550 5.4.1 Access denied", True),
        ("", False),
    ],
)
def test_a_refusal_is_the_readers_where_its_code_is_of_their_address(
    code: str, *, blames: bool
) -> None:
    assert blames_reader(code) is blames
