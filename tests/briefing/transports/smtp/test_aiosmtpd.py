"""Against aiosmtpd: with and without TLS, login and PIPELINING every copy arrives once, whole."""

import random

import pytest
import trustme

from briefing.transports.base import Slots, TransportDownError
from tests.briefing.transports import messages, sending
from tests.briefing.transports.receiving import receiving
from tests.briefing.transports.tls import trusting, with_certificate


@pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "one by one"])
@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
@pytest.mark.parametrize("kilobytes", [0, 600])
def test_every_copy_arrives_once_and_whole(
    security: str, *, pipelining: bool, kilobytes: int
) -> None:
    """Large bodies leave in many writes, and over TLS in many records."""
    authority = trustme.CA()
    certificate = with_certificate(authority)
    sent = sending.copies(12 if kilobytes else 150, kilobytes=kilobytes)
    with receiving(
        pipelining=pipelining,
        starttls=certificate if security == "starttls" else None,
        tls=certificate if security == "tls" else None,
    ) as receiver:
        account = sending.transport(
            receiver.port, sockets=4, security=security, context=trusting(authority)
        )
        half = len(sent) // 2
        sending.send(account, [sent[:half], sent[half:]])
    assert sending.fates(sent) == ["accepted"] * len(sent)
    assert receiver.by_recipient == {
        copy.recipient: messages.received(_bytes(copy.payload)) for copy in sent
    }


@pytest.mark.parametrize("without", [("LOGIN",), ("PLAIN",)], ids=["PLAIN", "LOGIN"])
@pytest.mark.parametrize("password", ["right", "wrong"])
def test_a_login_opens_the_account_or_is_for_a_person_to_mend(
    password: str, without: tuple[str, ...]
) -> None:
    authority = trustme.CA()
    sent = sending.copies(3)
    with receiving(starttls=with_certificate(authority), login=True, without=without) as receiver:
        account = sending.transport(
            receiver.port,
            security="starttls",
            login=("desk", password),
            context=trusting(authority),
        )
        if password == "right":
            sending.send(account, [sent])
        else:
            with pytest.raises(TransportDownError) as caught:
                sending.send(account, [sent])
            assert caught.value.permanent
    assert len(receiver.received) == (3 if password == "right" else 0)


def test_without_a_login_nobody_is_written_to_and_no_attempt_is_burned() -> None:
    authority = trustme.CA()
    sent = sending.copies(3)
    with receiving(starttls=with_certificate(authority), login=True) as receiver:
        account = sending.transport(receiver.port, security="starttls", context=trusting(authority))
        session = sending.send(account, [sent])
    assert sending.fates(sent) == ["given back"] * 3
    assert session.down_for_good
    assert receiver.received == []


def _hostile(number: int, chance: random.Random) -> Slots:
    """Make up a reader whose name has been somebody's trouble before."""
    name = "".join(chance.choices(messages.NASTY, k=chance.randrange(1, 6)))
    return messages.reader(name=name, address=f"reader{number}@mail.example")


@pytest.mark.parametrize("number", [1_000, pytest.param(100_000, marks=pytest.mark.full)])
def test_no_name_makes_a_second_message_recipient_or_header(number: int) -> None:
    """Source: OWASP ASVS 5.0.0, 1.3.11."""
    chance = random.Random(number)
    content = messages.variant(
        subject=["For ", "name|there", ""], text=["Hello ", "name|there", ""]
    )
    composer_headers = None
    with receiving() as receiver:
        account = sending.transport(receiver.port, sockets=4)
        for begin in range(0, number, 1000):
            readers = [_hostile(begin + each, chance) for each in range(1000)]
            sent = sending.copies_for(readers, content)
            receiver.received.clear()
            sending.send(account, [sent])
            assert sending.fates(sent) == ["accepted"] * 1000
            arrived = receiver.by_recipient
            assert arrived.keys() == {each.recipient for each in readers}
            for message in arrived.values():
                names = _header_names(message)
                composer_headers = composer_headers or names
                assert names == composer_headers
    assert composer_headers
    assert "Bcc" not in composer_headers


def _header_names(message: bytes) -> list[str]:
    head = message.partition(b"\r\n\r\n")[0].decode("ascii")
    return [line.partition(":")[0] for line in head.split("\r\n") if line[:1] not in {" ", "\t"}]


def _bytes(payload: object) -> bytes:
    assert isinstance(payload, bytes)
    return payload
