"""How many connections a session uses, and what happens when some cannot be had."""

import time

import pytest

from briefing.transports.base import Group
from tests.briefing.transports import messages, sending
from tests.briefing.transports.scripted import ALWAYS, Close, Hang, Rule, ScriptedServer
from tests.briefing.transports.sending import Notebook


def test_copies_are_spread_over_all_sockets() -> None:
    sent = sending.copies(300)
    with ScriptedServer() as server:
        sending.send(
            sending.transport(server.port, sockets=4),
            [sent[at : at + 100] for at in range(0, 300, 100)],
            Notebook(server),
        )
    assert sending.fates(sent) == ["accepted"] * 300
    assert sorted(server.accepted) == sorted(copy.recipient for copy in sent)
    assert server.connections == 4


def test_one_copy_opens_no_second_connection() -> None:
    with ScriptedServer() as server:
        sending.send(sending.transport(server.port, sockets=8), [sending.copies(1)])
    assert server.connections == 1
    assert server.commands[-1] == "QUIT"


def test_a_server_that_refuses_a_second_connection_is_not_asked_again() -> None:
    sent = sending.copies(200)
    rule = Rule("banner", b"421 4.7.0 too many connections\r\n", first=2, times=ALWAYS)
    with ScriptedServer((rule,)) as server:
        sending.send(
            sending.transport(server.port, sockets=4), [sent[:100], sent[100:]], Notebook(server)
        )
    assert sending.fates(sent) == ["accepted"] * 200
    assert server.connections <= 4


def test_a_second_connection_that_hangs_holds_nothing_up() -> None:
    sent = sending.copies(100)
    with ScriptedServer((Rule("banner", Hang(), first=2, times=ALWAYS),)) as server:
        account = sending.transport(server.port, sockets=4, timeout_seconds=8)
        began_at = time.monotonic()
        sending.send(account, [sent], Notebook(server))
        assert time.monotonic() - began_at < 8
    assert sending.fates(sent) == ["accepted"] * 100


@pytest.mark.parametrize("last_words", [b"", b"421 4.4.2 idle for too long\r\n"])
def test_a_connection_that_was_closed_while_idle_harms_nobody(last_words: bytes) -> None:
    sent = sending.copies(20)
    with ScriptedServer() as server:
        notebook = Notebook(server)
        session = sending.transport(server.port).open(notebook, messages.SENDER)
        for part in (sent[:10], sent[10:]):
            session.submit(Group(part, time.monotonic() + 60))
            session.collect()
            server.hang_up(last_words)
        session.close()
    assert sending.fates(sent) == ["accepted"] * 20
    assert not session.down_for_good


def test_when_no_connection_is_left_the_reason_comes_back_with_the_copies() -> None:
    rules = (
        Rule("dot", Close(), first=2),
        Rule("banner", b"554 5.3.2 gone for good\r\n", first=2, times=ALWAYS),
    )
    sent = sending.copies(5)
    with ScriptedServer(rules) as server:
        session = sending.send(sending.transport(server.port), [sent], Notebook(server))
    assert sending.fates(sent) == ["accepted", "unknown"] + ["given back"] * 3
    assert {copy.code for copy in sent[2:]} == {"554 5.3.2 gone for good"}
    assert not session.down_for_good


def test_what_a_server_cannot_take_is_refused_without_asking_it() -> None:
    """Neither costs a connection, and a group of nothing else is answered all the same."""
    sent = [
        sending.copy_to("zoë@mail.example"),
        sending.copy_to("a b@mail.example"),
        sending.copy_to("a>\r\nRCPT TO:<victim@mail.example"),
    ]
    large = sending.copies(1, kilobytes=20)
    with ScriptedServer(offer=("PIPELINING", "SIZE 9000")) as server:
        session = sending.send(sending.transport(server.port), [sent, large], Notebook(server))
    assert sending.fates([*sent, *large]) == ["rejected"] * 4
    codes = [copy.code.split()[1] for copy in [*sent, *large] if copy.code]
    assert codes == ["5.6.7", "5.1.3", "5.1.3", "5.3.4"]
    assert [command.split()[0] for command in server.commands] == ["EHLO", "QUIT"]
    assert not session.down_for_good


def test_an_address_beyond_ascii_is_sent_where_smtputf8_is_offered() -> None:
    sent = [sending.copy_to("zoë@mail.example"), sending.copy_to("ada@mail.example")]
    with ScriptedServer() as server:
        sending.send(sending.transport(server.port), [sent], Notebook(server))
    assert sending.fates(sent) == ["accepted", "accepted"]
    mails = [command for command in server.commands if command.startswith("MAIL")]
    assert [" BODY=8BITMIME SMTPUTF8" in mail for mail in mails] == [True, False]
    assert "RCPT TO:<zoë@mail.example>" in server.commands
    assert "<zoë@mail.example>".encode() in server.messages["zoë@mail.example"]
    assert server.messages["ada@mail.example"].isascii()


def test_asking_for_a_group_that_nobody_submitted_is_a_mistake() -> None:
    with ScriptedServer() as server:
        session = sending.transport(server.port).open(Notebook(), messages.SENDER)
        with pytest.raises(LookupError):
            session.collect()
        session.close()
