"""The sink takes what a receiving server would take, and what it took is there for good."""

import smtplib
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count

from briefing.demo import mailbox
from tests.briefing.demo.conftest import RunningSink

_ENVELOPE = b"MAIL FROM:<desk@briefing.example>\r\nRCPT TO:<%s>\r\nDATA\r\n"


def _message(number: int, connection: int) -> bytes:
    lines = b"".join(b"line %d of the body\r\n" % line for line in range(60))
    return b"Subject: number %d of %d\r\n\r\n%s" % (number, connection, lines)


def _send_pipelined(sink: RunningSink, connection_number: int, messages: int) -> None:
    """Send as the dispatch does: a body, its dot and the next envelope in one flight."""
    envelope = _ENVELOPE % b"reader@mail.example"
    with sink.connect() as connection, connection.makefile("rb") as answers:
        connection.sendall(envelope)
        for number in range(messages):
            assert [answers.readline()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
            following = b"QUIT\r\n" if number == messages - 1 else envelope
            connection.sendall(_message(number, connection_number) + b".\r\n" + following)
            assert answers.readline()[:3] == b"250"


def test_every_message_of_a_pipelined_rush_is_stored_byte_for_byte(sink: RunningSink) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: _send_pipelined(sink, number, 50), range(8)))
    with mailbox.reading(sink.file) as box:
        stored = sorted(box.raw(listed.id) or b"" for listed in box.since(0))
    expected = sorted(
        _message(number, connection) for number in range(50) for connection in range(8)
    )
    assert stored == expected


def _send_until_cut_off(sink: RunningSink, connection_number: int, answered: set[bytes]) -> None:
    """Send message after message, and note each that was answered with 250."""
    with (
        suppress(ConnectionError),
        sink.connect() as connection,
        connection.makefile("rb") as answers,
    ):
        for number in count():
            message = _message(number, connection_number)
            connection.sendall(_ENVELOPE % b"reader@mail.example" + message + b".\r\n")
            codes = [answers.readline()[:3] for _ in range(4)]
            if codes != [b"250", b"250", b"354", b"250"]:
                return
            answered.add(message)


def test_what_was_answered_with_250_survives_kill_minus_nine(sink: RunningSink) -> None:
    answered: set[bytes] = set()
    with ThreadPoolExecutor(4) as pool:
        for number in range(4):
            pool.submit(_send_until_cut_off, sink, number, answered)
        while len(answered) < 100:
            time.sleep(0.01)  # other threads send
        sink.process.kill()
    with mailbox.reading(sink.file) as box:
        stored = {box.raw(listed.id) for listed in box.since(0)}
    assert answered <= stored


def test_the_sink_offers_what_the_dispatch_needs(sink: RunningSink) -> None:
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        client.ehlo()
        assert {"pipelining", "8bitmime", "size", "smtputf8"} <= set(client.esmtp_features)


def test_envelope_and_headers_are_kept_readable(sink: RunningSink) -> None:
    message = (
        "From: =?utf-8?q?Gr=C3=BC=C3=9Fe?= <desk@briefing.example>\r\nTo: Ōe <oe@mail.example>\r\n"
        "Subject: =?utf-8?b?5pel5pys?= and =?broken?x?\r\n"
        "Message-ID: <abc.1@briefing.example>\r\n\r\nbody\r\n"
    )
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        client.sendmail(
            "bounces@briefing.example", ["oe@mail.example", "o@mail.example"], message.encode()
        )
    with mailbox.reading(sink.file) as box:
        (listed,) = box.since(0)
        assert box.raw(listed.id) == message.encode()
    assert listed.mail_from == "bounces@briefing.example"
    assert listed.recipients == ("oe@mail.example", "o@mail.example")
    assert listed.header_from == "Grüße <desk@briefing.example>"
    assert listed.subject == "日本 and =?broken?x?"
    assert listed.message_id == "abc.1@briefing.example"


def test_dots_end_and_begin_lines_as_the_standard_says(sink: RunningSink) -> None:
    wire_and_stored = {
        b".\r\n": b"",
        b"\r\n.\r\n": b"\r\n",
        b"..\r\n.\r\n": b".\r\n",
        b"Subject: a\r\n\r\n..dot\r\nends with a dot.\r\n...\r\n.\r\n": (
            b"Subject: a\r\n\r\n.dot\r\nends with a dot.\r\n..\r\n"
        ),
        b"a bare\n.\nis no end\r\n.\r\n": b"a bare\n.\nis no end\r\n",
    }
    with sink.connect() as connection, connection.makefile("rb") as answers:
        for on_the_wire in wire_and_stored:
            connection.sendall(_ENVELOPE % b"reader@mail.example" + on_the_wire)
            assert [answers.readline()[:3] for _ in range(4)] == [b"250", b"250", b"354", b"250"]
    with mailbox.reading(sink.file) as box:
        assert [box.raw(listed.id) for listed in box.since(0)] == list(wire_and_stored.values())


def test_what_a_strict_server_refuses_is_refused_and_the_next_message_taken(
    sink: RunningSink,
) -> None:
    refused = {
        b"a line of 999 bytes: " + b"x" * 978: b"500",
        b"too large\r\n" * 2_000_000: b"552",
        b"too large in one line: " + b"x" * 17_000_000: b"552",
    }
    envelope = _ENVELOPE % b"reader@mail.example"
    with sink.connect() as connection, connection.makefile("rb") as answers:
        for body, code in refused.items():
            connection.sendall(envelope + body + b"\r\n.\r\n" + envelope + b"short\r\n.\r\n")
            assert [answers.readline()[:3] for _ in range(4)] == [b"250", b"250", b"354", code]
            assert [answers.readline()[:3] for _ in range(4)] == [b"250", b"250", b"354", b"250"]
    with mailbox.reading(sink.file) as box:
        assert [box.raw(listed.id) for listed in box.since(0)] == [b"short\r\n"] * 3


def test_a_client_that_hangs_up_half_way_leaves_nothing_behind(sink: RunningSink) -> None:
    with sink.connect() as connection:
        connection.sendall(_ENVELOPE % b"reader@mail.example" + b"Subject: half\r\n")
    with sink.connect() as connection, connection.makefile("rb") as answers:
        connection.sendall(_ENVELOPE % b"reader@mail.example" + b"whole\r\n.\r\n")
        assert [answers.readline()[:3] for _ in range(4)] == [b"250", b"250", b"354", b"250"]
    with mailbox.reading(sink.file) as box:
        assert [box.raw(listed.id) for listed in box.since(0)] == [b"whole\r\n"]
