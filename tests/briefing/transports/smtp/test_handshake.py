"""Greeting, STARTTLS and login: each way of failing, and whether waiting can heal it."""

import socket
import time

import pytest
import trustme

from briefing.transports.base import TransportDownError
from briefing.transports.smtp import SmtpTransport
from tests.briefing.transports import messages, sending
from tests.briefing.transports.scripted import (
    OFFER,
    Close,
    Drip,
    Hang,
    Reaction,
    Rule,
    ScriptedServer,
)
from tests.briefing.transports.sending import Notebook
from tests.briefing.transports.tls import trusting, with_certificate

_WITH_LOGIN = (*OFFER, "AUTH PLAIN LOGIN")


def _failure(account: SmtpTransport) -> TransportDownError:
    """Open a session that cannot be opened."""
    began_at = time.monotonic()
    with pytest.raises(TransportDownError) as caught:
        account.open(Notebook(), messages.SENDER)
    assert time.monotonic() - began_at < 5
    return caught.value


@pytest.mark.parametrize(
    "reaction",
    [
        b"421 4.3.2 not now\r\n",
        b"554 5.3.2 no mail here\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\xff\xfe\x00\r\n",
        Hang(),
        Close(),
        Drip(b"220-patience\r\n" * 50, 0.05),
    ],
)
@pytest.mark.parametrize("verb", ["banner", "EHLO"])
def test_a_server_that_does_not_greet_is_down_for_now(verb: str, reaction: Reaction) -> None:
    # What EHLO is refused, HELO is asked.
    rules = (Rule(verb, reaction), Rule("HELO", reaction))
    with ScriptedServer(rules) as server:
        failure = _failure(sending.transport(server.port, timeout_seconds=0.5))
    assert not failure.permanent
    assert str(failure)


def test_a_server_that_takes_no_connection_is_down_for_now() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            failure = _failure(sending.transport(port, timeout_seconds=0.3))
    assert not failure.permanent
    assert str(failure).startswith("TimeoutError")


def test_a_port_where_nobody_listens_is_down_for_now() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert not _failure(sending.transport(port)).permanent


def test_a_server_that_only_knows_helo_is_served_one_command_at_a_time() -> None:
    sent = sending.copies(3)
    with ScriptedServer((Rule("EHLO", b"502 5.5.1 what?\r\n"),)) as server:
        sending.send(sending.transport(server.port), [sent], Notebook(server))
    assert sending.fates(sent) == ["accepted"] * 3
    assert "MAIL FROM:<desk@briefing.example>" in server.commands


@pytest.mark.parametrize(
    ("offer", "rules", "permanent"),
    [
        (OFFER, (), True),
        ((*OFFER, "STARTTLS"), (Rule("STARTTLS", b"454 4.7.0 not now\r\n"),), False),
        ((*OFFER, "STARTTLS"), (Rule("STARTTLS", b"501 5.5.4 no\r\n"),), False),
        ((*OFFER, "STARTTLS"), (Rule("STARTTLS", Hang()),), False),
        ((*OFFER, "STARTTLS"), (Rule("STARTTLS", Close()),), False),
    ],
    ids=["not offered", "454", "501", "hang", "close"],
)
def test_without_tls_nothing_is_said_in_plain_text(
    offer: tuple[str, ...], rules: tuple[Rule, ...], *, permanent: bool
) -> None:
    authority = trustme.CA()
    with ScriptedServer(rules, offer=offer, tls=with_certificate(authority)) as server:
        account = sending.transport(
            server.port,
            security="starttls",
            timeout_seconds=0.5,
            login=("desk", "a secret"),
            context=trusting(authority),
        )
        failure = _failure(account)
    assert failure.permanent == permanent
    assert {command.split()[0] for command in server.commands} <= {"EHLO", "STARTTLS"}


def test_what_stands_in_plain_text_behind_starttls_is_forgotten() -> None:
    """Somebody in the middle may have put it there. Source: RFC 3207, section 5."""
    authority = trustme.CA()
    sent = sending.copies(2)
    injected = b"220 go ahead\r\n250-other\r\n250 SIZE 1\r\n"
    with ScriptedServer(
        (Rule("STARTTLS", injected),),
        offer=(*OFFER, "STARTTLS"),
        tls=with_certificate(authority),
    ) as server:
        account = sending.transport(server.port, security="starttls", context=trusting(authority))
        sending.send(account, [sent], Notebook(server))
    assert sending.fates(sent) == ["accepted"] * 2


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("host", ["localhost", "elsewhere.example"])
def test_a_certificate_that_is_not_theirs_is_refused(security: str, host: str) -> None:
    """Signed by a stranger, or for another host."""
    ours, theirs = trustme.CA(), trustme.CA()
    signer = theirs if host == "localhost" else ours
    with ScriptedServer(
        offer=(*OFFER, "STARTTLS"),
        tls=with_certificate(signer, host),
        tls_at_once=security == "tls",
    ) as server:
        account = sending.transport(server.port, security=security, context=trusting(ours))
        failure = _failure(account)
    assert failure.permanent
    assert not any(command.startswith("MAIL") for command in server.commands)


@pytest.mark.parametrize(
    ("offer", "reply", "permanent"),
    [
        (_WITH_LOGIN, b"535 5.7.8 wrong password\r\n", True),
        (_WITH_LOGIN, b"454 4.7.0 directory is away\r\n", False),
        (OFFER, b"", True),
    ],
    ids=["wrong password", "not now", "not offered"],
)
def test_a_login_that_fails_is_for_a_person_to_mend_unless_it_may_pass(
    offer: tuple[str, ...], reply: bytes, *, permanent: bool
) -> None:
    rules = (Rule("AUTH", reply, times=9),)
    with ScriptedServer(rules, offer=offer) as server:
        failure = _failure(sending.transport(server.port, login=("desk", "a secret")))
    assert failure.permanent == permanent
    assert "secret" not in str(failure)
    assert not any(command.startswith("MAIL") for command in server.commands)


def test_a_password_that_no_login_can_carry_is_for_a_person_to_mend() -> None:
    with ScriptedServer(offer=_WITH_LOGIN) as server:
        failure = _failure(sending.transport(server.port, login=("desk", "pässwörd")))
    assert failure.permanent
    assert "pässwörd" not in str(failure)
