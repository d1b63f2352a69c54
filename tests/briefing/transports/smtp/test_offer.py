"""What a server offers decides which copies it is handed, and in which words."""

from dataclasses import replace

import pytest

from briefing.transports.base import Copy
from briefing.transports.smtp.offer import Offer

ALL = Offer(pipelining=True, eight_bit=True, utf8=True, size=True, max_bytes=0)
NOTHING = Offer(pipelining=False, eight_bit=False, utf8=False, size=False, max_bytes=0)


def copy_to(recipient: str, *, body: bytes = b"0123456") -> Copy:
    return Copy(0, 1, 2, recipient, body + b".\r\n")


@pytest.mark.parametrize(
    ("features", "offer"),
    [
        ({}, NOTHING),
        ({"pipelining": "", "8bitmime": "", "SmtpUtf8": "", "size": ""}, ALL),
        ({"size": " 35882577 "}, replace(NOTHING, size=True, max_bytes=35882577)),
        ({"SIZE": "many"}, replace(NOTHING, size=True)),
    ],
)
def test_keywords_are_read_in_any_case(features: dict[str, str], offer: Offer) -> None:
    assert Offer.from_features(features) == offer


@pytest.mark.parametrize(
    ("recipient", "max_bytes", "utf8", "reason"),
    [
        ("ada@mail.example", 7, True, ""),
        ("ada@mail.example", 6, True, "552 5.3.4 larger than the server's SIZE"),
        ("zoë@mail.example", 0, True, ""),
        ("zoë@mail.example", 0, False, "553 5.6.7 server does not offer SMTPUTF8"),
        ("a da@mail.example", 0, True, "553 5.1.3 address cannot be written in an envelope"),
        ("ada>@mail.example", 0, True, "553 5.1.3 address cannot be written in an envelope"),
        ("<ada@mail.example", 0, True, "553 5.1.3 address cannot be written in an envelope"),
        ("ada\n@mail.example", 0, True, "553 5.1.3 address cannot be written in an envelope"),
    ],
)
def test_what_a_server_cannot_be_handed_is_refused_with_the_code_it_would_have(
    recipient: str, max_bytes: int, *, utf8: bool, reason: str
) -> None:
    offer = replace(ALL, utf8=utf8, max_bytes=max_bytes)

    assert offer.why_not(copy_to(recipient)) == reason


@pytest.mark.parametrize(
    ("offer", "recipient", "parameters"),
    [
        (ALL, "ada@mail.example", " SIZE=7"),
        (NOTHING, "ada@mail.example", ""),
        (ALL, "zoë@mail.example", " SIZE=7 BODY=8BITMIME SMTPUTF8"),
        (replace(ALL, eight_bit=False, size=False), "zoë@mail.example", " SMTPUTF8"),
    ],
)
def test_an_envelope_says_what_was_offered_and_the_copy_needs(
    offer: Offer, recipient: str, parameters: str
) -> None:
    said = offer.envelope("desk@briefing.example", copy_to(recipient))

    assert said.decode() == (
        f"MAIL FROM:<desk@briefing.example>{parameters}\r\nRCPT TO:<{recipient}>\r\nDATA\r\n"
    )
