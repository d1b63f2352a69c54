"""Whose trouble a bounce is, on replies as the large providers document them."""

import pytest

from briefing.tracking.verdicts import Bounce, of_bounce


@pytest.mark.parametrize(
    ("status", "words", "meant"),
    [
        ("5.1.1", "550 5.1.1 <...>: Recipient address rejected: User unknown", Bounce.HARD),
        ("5.0.0", "550-5.1.1 The email account that you tried to reach does not exist", Bounce.HARD),
        ("5.1.10", "556 5.1.10 Domain does not accept mail (nullMX)", Bounce.HARD),
        ("5.4.4", "", Bounce.HARD),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", Bounce.HARD),
        ("5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", "hard"),
        ("5.2.2", "552 5.2.2 Mailbox full", Bounce.FULL),
        ("4.2.2", "452 4.2.2 The email account is over quota", Bounce.FULL),
        ("5.7.515", "550 5.7.515 Access denied, sending domain does not meet", "authentication"),
        ("5.7.1", "550-5.7.26 Your email has been blocked because the sender", "authentication"),
        ("4.7.27", "421 4.7.27 SPF did not pass", Bounce.AUTHENTICATION),
        ("5.7.23", "", Bounce.AUTHENTICATION),
        ("5.7.1", "550 5.7.1 Message rejected as spam", Bounce.BLOCKED),
        ("5.7.511", "550 5.7.511 Access denied, banned sender", Bounce.BLOCKED),
        ("5.1.8", "553 5.1.8 Sender address rejected: Domain not found", Bounce.BLOCKED),
        ("4.4.1", "connect to mail.example[192.0.2.1]:25: Connection timed out", Bounce.SOFT),
        ("5.0.0", "550 no", Bounce.SOFT),
        ("", "", Bounce.SOFT),
        ("4.1.1", "450 4.1.1 unverified for now", Bounce.SOFT),
        ("5.3.4", "552 5.3.4 too big", Bounce.SOFT),
    ],
)  # fmt: skip
def test_a_code_tells_whose_trouble_it_is(status: str, words: str, meant: str) -> None:
    assert of_bounce(status, words) == meant


def test_the_servers_own_code_is_heard_before_what_a_relay_makes_of_it() -> None:
    assert of_bounce("5.7.1", "550 5.1.1 no such user") is Bounce.HARD


def test_an_ip_address_is_no_status_code() -> None:
    assert of_bounce("5.1.1", "connect to 5.2.2.1: refused") is Bounce.HARD


def test_what_is_our_own_trouble_never_counts_against_a_reader() -> None:
    assert {bounce for bounce in Bounce if bounce.ours} == {
        Bounce.BLOCKED, Bounce.AUTHENTICATION,
    }  # fmt: skip
