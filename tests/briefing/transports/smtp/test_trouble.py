"""Trouble that is more than one copy's: refusals meant for us, hang-ups without end, late answers."""

import time

import pytest

from briefing.transports.base import Copy, Group
from tests.briefing.transports import messages, sending
from tests.briefing.transports.scripted import (
    ALWAYS,
    OFFER,
    Close,
    Drip,
    Hang,
    Reaction,
    Rule,
    ScriptedServer,
)
from tests.briefing.transports.sending import Notebook

_ONE_BY_ONE = tuple(word for word in OFFER if word != "PIPELINING")
both_ways = pytest.mark.parametrize("offer", [OFFER, _ONE_BY_ONE], ids=["pipelined", "one by one"])


@both_ways
@pytest.mark.parametrize(
    ("verb", "reply"),
    [
        ("MAIL", b"550 5.7.1 sender not verified\r\n"),
        ("MAIL", b"553 5.7.1 not your address\r\n"),
        ("MAIL", b"530 5.7.0 authentication required\r\n"),
        ("MAIL", b"503 5.5.1 say hello first\r\n"),
        ("RCPT", b"530 5.7.0 authentication required\r\n"),
        ("RCPT", b"503 5.5.1 need MAIL first\r\n"),
        ("DATA", b"503 5.5.1 need RCPT first\r\n"),
    ],
)
def test_a_refusal_meant_for_us_costs_no_reader_an_attempt(
    verb: str, reply: bytes, offer: tuple[str, ...]
) -> None:
    sent = sending.copies(6)
    with ScriptedServer((Rule(verb, reply, first=3, times=ALWAYS),), offer=offer) as server:
        session = sending.send(sending.transport(server.port), [sent], Notebook(server))
    assert sending.fates(sent) == ["accepted"] * 2 + ["given back"] * 4
    assert {copy.code for copy in sent[2:]} == {reply.decode().strip()}
    assert session.down_for_good


@pytest.mark.parametrize("reply", [b"500 5.5.2 what?\r\n", b"421 4.3.2 closing\r\n"])
@both_ways
def test_a_failed_reset_harms_nobody(reply: bytes, offer: tuple[str, ...]) -> None:
    rules = (Rule("RCPT", b"550 5.1.1 no such user\r\n", first=2), Rule("RSET", reply))
    sent = sending.copies(4)
    with ScriptedServer(rules, offer=offer) as server:
        sending.send(sending.transport(server.port), [sent], Notebook(server))
    # Whether the transaction was reset or not: nested MAIL is refused only where it was not.
    assert sending.fates(sent)[:2] == ["accepted", "rejected"]
    assert "rejected" not in sending.fates(sent)[2:]


def test_a_go_ahead_after_a_refused_recipient_is_answered_with_a_bare_dot() -> None:
    rules = (Rule("RCPT", b"550 5.1.1 no such user\r\n", first=2),)
    sent = sending.copies(4)
    with ScriptedServer(rules, eager=True) as server:
        sending.send(sending.transport(server.port), [sent], Notebook(server))
    assert sending.fates(sent) == ["accepted", "rejected", "accepted", "accepted"]
    assert sent[1].code == "550 5.1.1 no such user"
    assert server.empty == 1
    assert "reader2@mail.example" not in server.begun


def test_nobody_gets_an_empty_message_where_only_the_sender_was_refused() -> None:
    rules = (Rule("MAIL", b"452 4.3.1 disk full\r\n", first=2),)
    sent = sending.copies(4)
    with ScriptedServer(rules, eager=True) as server:
        sending.send(sending.transport(server.port), [sent], Notebook(server))
    assert sending.fates(sent) == ["accepted", "deferred", "accepted", "accepted"]
    assert server.empty == 0
    assert server.connections == 2


@both_ways
@pytest.mark.parametrize("reaction", [Close(), b"gibberish\r\n", b"421 4.3.2 closing\r\n"])
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_always_hangs_up_is_left_and_the_copies_given_back(
    verb: str, reaction: Reaction, offer: tuple[str, ...]
) -> None:
    sent = sending.copies(60)
    with ScriptedServer((Rule(verb, reaction, times=ALWAYS),), offer=offer) as server:
        account = sending.transport(server.port, sockets=4)
        session = sending.send(account, [sent[:30], sent[30:]], Notebook(server))
        assert server.connections <= 9
    fates = sending.fates(sent)
    # 421 to a reader's RCPT or DATA is that reader's answer.
    assert fates.count("given back") >= 51
    assert set(fates) <= {"given back", "deferred"}
    assert all(copy.code for copy in sent)
    assert not session.down_for_good


@both_ways
@pytest.mark.parametrize("reaction", [Close(), b"gibberish\r\n"])
def test_a_server_that_hangs_up_after_every_dot_is_left_before_it_makes_all_unknown(
    reaction: Reaction, offer: tuple[str, ...]
) -> None:
    sent = sending.copies(60)
    with ScriptedServer((Rule("dot", reaction, times=ALWAYS),), offer=offer) as server:
        sending.send(sending.transport(server.port, sockets=4), [sent], Notebook(server))
    fates = sending.fates(sent)
    assert 5 <= fates.count("unknown") <= 9
    assert fates.count("given back") == 60 - fates.count("unknown")
    assert len(set(server.whole)) == len(server.whole)


def test_a_server_that_hangs_at_every_copy_is_left_in_bounded_time() -> None:
    sent = sending.copies(30)
    with ScriptedServer((Rule("RCPT", Hang(), times=ALWAYS),)) as server:
        account = sending.transport(server.port, sockets=2, timeout_seconds=0.3)
        began_at = time.monotonic()
        sending.send(account, [sent], Notebook(server))
    assert time.monotonic() - began_at < 10
    assert sending.fates(sent) == ["given back"] * 30


@both_ways
def test_a_copy_that_always_loses_its_connection_is_deferred_and_the_others_arrive(
    offer: tuple[str, ...],
) -> None:
    rule = Rule("RCPT", Close(), times=ALWAYS, recipient="reader2@mail.example")
    sent = sending.copies(20)
    with ScriptedServer((rule,), offer=offer) as server:
        sending.send(sending.transport(server.port, sockets=3), [sent], Notebook(server))
    assert sending.fates(sent) == ["accepted", "deferred"] + ["accepted"] * 18
    assert sent[1].code == "connection lost whenever this copy was announced"
    # Twice may be chance.
    assert server.commands.count("RCPT TO:<reader2@mail.example>") >= 3


@both_ways
def test_a_server_that_takes_few_messages_a_connection_gets_all_of_them(
    offer: tuple[str, ...],
) -> None:
    rules = tuple(
        Rule("MAIL", b"421 4.7.0 that is enough\r\n", first=number) for number in range(4, 40, 4)
    )
    sent = sending.copies(20)
    with ScriptedServer(rules, offer=offer) as server:
        sending.send(sending.transport(server.port), [sent], Notebook(server))
    assert sending.fates(sent) == ["accepted"] * 20


_TAKEN_EARLY = b"250 2.0.0 have it already\r\n"


@pytest.mark.parametrize(
    ("reaction", "fate"),
    [
        (Close(), "deferred"),
        (b"552 5.3.4 enough\r\n", "rejected"),
        (b"421 4.4.2 too slow\r\n", "deferred"),
        (_TAKEN_EARLY, "unknown"),
    ],
)
def test_while_we_hold_the_dot_the_message_cannot_have_been_taken(
    reaction: Reaction, fate: str
) -> None:
    """A body larger than every buffer on the way: the rest of it is still with us."""
    sent = [*sending.copies(1), *sending.copies(2, kilobytes=12_000)[1:], *sending.copies(3)[2:]]
    with ScriptedServer(
        (Rule("body", reaction, first=2), Rule("dot", Hang(), first=2)),
        offer=("PIPELINING",),
        receive_buffer=8192,
    ) as server:
        sending.send(sending.transport(server.port), [sent[:2]], Notebook(server))
    first, second = sending.fates(sent[:2])
    assert first == "accepted"
    # On a machine that is busy elsewhere the whole body may have left before the answer is read.
    assert second == fate or (second == "accepted" and reaction == _TAKEN_EARLY)
    assert server.whole == ["reader1@mail.example"]


def test_after_the_deadline_nothing_is_handed_over() -> None:
    sent = sending.copies(3)
    with ScriptedServer() as server:
        session = sending.transport(server.port).open(Notebook(server), messages.SENDER)
        session.submit(Group(sent, time.monotonic() - 1))
        session.collect()
        session.close()
    assert sending.fates(sent) == ["given back"] * 3
    assert not any(command.startswith("MAIL") for command in server.commands)


@both_ways
def test_a_deadline_that_passes_before_the_go_ahead_keeps_the_message_back(
    offer: tuple[str, ...],
) -> None:
    sent = sending.copies(3)
    with ScriptedServer((Rule("DATA", Drip(b"354 go\r\n", 0.1)),), offer=offer) as server:
        session = sending.transport(server.port).open(Notebook(server), messages.SENDER)
        session.submit(Group(sent, time.monotonic() + 0.4))
        session.collect()
        session.close()
    assert sending.fates(sent) == ["given back"] * 3
    assert server.begun == set()


class StoppedNotebook(Notebook):
    """Stands for a worker that is stopped (SIGSTOP) while it notes a copy, and then continued."""

    def started(self, copy: Copy) -> None:
        super().started(copy)
        time.sleep(0.5)  # past the deadline


def test_a_worker_stopped_past_its_lease_as_it_begins_a_message_does_not_send_it() -> None:
    sent = sending.copies(2)
    with ScriptedServer() as server:
        session = sending.transport(server.port).open(StoppedNotebook(server), messages.SENDER)
        session.submit(Group(sent, time.monotonic() + 0.4))
        session.collect()
        session.close()
    assert sending.fates(sent) == ["given back"] * 2
    assert server.begun == set()


@both_ways
@pytest.mark.parametrize("verb", ["RCPT", "DATA", "dot"])
def test_a_server_that_refuses_everybody_is_left_for_a_person_to_look_at(
    verb: str, offer: tuple[str, ...]
) -> None:
    sent = sending.copies(60)
    rule = Rule(verb, b"554 5.7.1 Relay access denied\r\n", first=3, times=ALWAYS)
    with ScriptedServer((rule,), offer=offer) as server:
        session = sending.transport(server.port, sockets=2).open(Notebook(server), messages.SENDER)
        # Waited for: an acceptance that comes among the refusals would have them counted anew.
        for groups in ([sent[:2]], [sent[2:31], sent[31:]]):
            for each in groups:
                session.submit(Group(each, time.monotonic() + 60))
            for _each in groups:
                session.collect()
        session.close()
    fates = sending.fates(sent)
    assert fates[:2] == ["accepted"] * 2
    # What both connections had in hand is answered still.
    assert 20 <= fates.count("rejected") <= 26
    assert fates.count("given back") == 58 - fates.count("rejected")
    left = {copy.code for copy in sent if copy.outcome is None}
    assert left == {"refused again and again: 554 5.7.1 Relay access denied"}
    assert session.down_for_good


@pytest.mark.parametrize("reply", [b"550 5.1.1 nobody\r\n", b"552 5.2.2 full\r\n"])
def test_however_many_mailboxes_are_gone_the_server_is_not_left(reply: bytes) -> None:
    sent = sending.copies(30)
    with ScriptedServer((Rule("RCPT", reply, times=ALWAYS),)) as server:
        session = sending.send(sending.transport(server.port), [sent], Notebook(server))
    assert sending.fates(sent) == ["rejected"] * 30
    assert not session.down_for_good


def test_refusals_with_another_answer_among_them_are_their_readers() -> None:
    refused = b"554 5.7.1 no\r\n"
    rules = tuple(Rule("RCPT", refused, first=first, times=15) for first in (1, 17))
    sent = sending.copies(31)
    with ScriptedServer(rules) as server:
        session = sending.send(sending.transport(server.port), [sent], Notebook(server))
    assert sending.fates(sent) == ["rejected"] * 15 + ["accepted"] + ["rejected"] * 15
    assert not session.down_for_good
