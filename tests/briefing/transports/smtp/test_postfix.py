"""Against Debian's Postfix, and its smtp-sink: an issue of 500 copies arrives, each copy once."""

import os
import time
from pathlib import Path

import pytest
import trustme

from tests.briefing.transports import messages, postfix, sending
from tests.briefing.transports.receiving import receiving
from tests.briefing.transports.tls import trusting

needs_sink = pytest.mark.skipif(
    not postfix.SINK, reason="smtp-sink is not installed: apt-get install postfix"
)
needs_postfix = pytest.mark.skipif(
    not postfix.POSTFIX or os.geteuid() != 0,
    reason="Postfix is not installed (apt-get install postfix), or this is not root",
)
_REFUSALS = {
    "reader7@mail.example": "550 5.1.1 no such user",
    "reader77@mail.example": "450 4.2.1 come back later",
    "reader500@mail.example": "554 5.7.1 not to them",
}


@needs_sink
@pytest.mark.parametrize(
    "options", [(), ("-p",), ("-e",)], ids=["pipelined", "one by one", "HELO only"]
)
def test_the_sink_gets_each_copy_once(options: tuple[str, ...], tmp_path: Path) -> None:
    folder = tmp_path / "sunk"
    folder.mkdir()
    sent = sending.copies(500, kilobytes=20)
    with postfix.sink(folder, *options) as port:
        account = sending.transport(port, sockets=8)
        sending.send(account, [sent[at : at + 100] for at in range(0, 500, 100)])
    assert sending.fates(sent) == ["accepted"] * 500
    arrived = postfix.sunk(folder)
    assert arrived.keys() == {copy.recipient for copy in sent}
    for copy in sent:
        assert isinstance(copy.payload, bytes)
        whole = messages.received(copy.payload).replace(b"\r\n", b"\n")
        assert arrived[copy.recipient].strip() == whole.strip()


@needs_postfix
@pytest.mark.parametrize("security", [pytest.param("none", marks=pytest.mark.full), "starttls"])
def test_a_real_postfix_relays_each_copy_once_and_refuses_whom_it_should(security: str) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost").private_key_and_cert_chain_pem.bytes()
    sent = sending.copies(500, kilobytes=20)
    with (
        receiving() as receiver,
        postfix.running(
            relay_port=receiver.port,
            certificate=certificate,
            tls="encrypt" if security == "starttls" else "may",
            refusals=_REFUSALS,
        ) as relay,
    ):
        account = sending.transport(
            relay.port,
            sockets=8,
            timeout_seconds=30,
            security=security,
            context=trusting(authority),
        )
        sending.send(account, [sent[at : at + 100] for at in range(0, 500, 100)])
        deadline = time.monotonic() + 60
        while len(receiver.received) < 497 and time.monotonic() < deadline:
            time.sleep(0.1)  # another process delivers
        arrived = receiver.by_recipient
    refused = {copy.recipient: copy for copy in sent if copy.recipient in _REFUSALS}
    fates = dict(zip(refused, sending.fates(refused.values()), strict=True))
    assert fates == dict(zip(_REFUSALS, ["rejected", "deferred", "rejected"], strict=True))
    taken = [copy for copy in sent if copy.recipient not in _REFUSALS]
    assert sending.fates(taken) == ["accepted"] * 497
    assert arrived.keys() == {copy.recipient for copy in taken}
    for copy in taken:
        assert isinstance(copy.payload, bytes)
        # Postfix puts a Received header in front and leaves the rest as it is.
        assert arrived[copy.recipient].endswith(messages.received(copy.payload))
