"""What a server may do at each verb, and what it means for the copy it does it to."""

import pytest

from tests.briefing.transports import sending
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

_ONE_BY_ONE = tuple(word for word in OFFER if word != "PIPELINING")
_NEVER_ENDS = Drip(b"2" * 40, 0.1)

# The third of five copies meets this at this verb; the other four are always accepted.
_ONE_COPY: list[tuple[str, Reaction, str]] = [
    ("MAIL", b"250-2.1.0 one line\r\n250 2.1.0 and another\r\n", "accepted"),
    ("MAIL", b"421 4.7.0 too many messages for one connection\r\n", "accepted"),
    ("MAIL", b"450 4.7.1 slow down\r\n", "deferred"),
    ("MAIL", b"451 4.3.0 try later\r\n", "deferred"),
    ("MAIL", b"452 4.3.1 disk full\r\n", "deferred"),
    ("MAIL", b"552 5.3.4 too large\r\n", "rejected"),
    ("MAIL", b"554-5.3.4 too large\r\n554 5.3.4 really\r\n", "rejected"),
    ("MAIL", b"354 go ahead\r\n", "accepted"),
    ("MAIL", b"I AM A TEAPOT\r\n", "accepted"),
    ("MAIL", Drip(b"250 2.1.0 slow\r\n", 0.01), "accepted"),
    ("MAIL", _NEVER_ENDS, "accepted"),
    ("MAIL", Hang(), "accepted"),
    ("MAIL", Close(), "accepted"),
    ("RCPT", b"251 2.1.5 will forward\r\n", "accepted"),
    ("RCPT", b"421 4.3.2 shutting down\r\n", "deferred"),
    ("RCPT", b"450 4.2.1 greylisted\r\n", "deferred"),
    ("RCPT", b"451 4.3.0 try later\r\n", "deferred"),
    ("RCPT", b"452 4.2.2 mailbox full\r\n", "deferred"),
    ("RCPT", b"501 5.1.3 bad syntax\r\n", "rejected"),
    ("RCPT", b"550 5.1.1 no such user\r\n", "rejected"),
    ("RCPT", b"550-5.1.1 no such\r\n550-5.1.1 user\r\n550 5.1.1 here\r\n", "rejected"),
    ("RCPT", b"354 go ahead\r\n", "accepted"),
    ("RCPT", b"\xff\x00\xfe\r\n", "accepted"),
    ("RCPT", _NEVER_ENDS, "accepted"),
    ("RCPT", Hang(), "accepted"),
    ("RCPT", Close(), "accepted"),
    ("DATA", b"354-go\r\n354 ahead\r\n", "accepted"),
    ("DATA", b"421 4.3.2 shutting down\r\n", "deferred"),
    ("DATA", b"451 4.7.1 greylisted\r\n", "deferred"),
    ("DATA", b"554 5.7.1 not from you\r\n", "rejected"),
    ("DATA", b"250 2.0.0 fine\r\n", "accepted"),
    ("DATA", b"no digits\r\n", "accepted"),
    ("DATA", _NEVER_ENDS, "accepted"),
    ("DATA", Hang(), "accepted"),
    ("DATA", Close(), "accepted"),
    ("body", Close(), "unknown"),
    ("dot", b"250-2.0.0 kept\r\n250 2.0.0 as 7\r\n", "accepted"),
    ("dot", b"299 whatever\r\n", "accepted"),
    ("dot", Drip(b"250 2.0.0 slow\r\n", 0.01), "accepted"),
    ("dot", b"421 4.3.2 shutting down\r\n", "deferred"),
    ("dot", b"450 4.2.0 later\r\n", "deferred"),
    ("dot", b"451 4.3.0 try later\r\n", "deferred"),
    ("dot", b"452 4.3.1 disk full\r\n", "deferred"),
    ("dot", b"550 5.7.1 spam\r\n", "rejected"),
    ("dot", b"554 5.6.0 content refused\r\n", "rejected"),
    ("dot", b"354 more\r\n", "unknown"),
    ("dot", b"600 5.0.0 beyond the scale\r\n", "unknown"),
    ("dot", b"fine, thanks\r\n", "unknown"),
    ("dot", b"250" + b" " * 20_000, "unknown"),
    ("dot", _NEVER_ENDS, "unknown"),
    ("dot", Hang(), "unknown"),
    ("dot", Close(), "unknown"),
]


def _name(value: object) -> str:
    return value.decode("latin-1").strip()[:24] if isinstance(value, bytes) else str(value)[:24]


@pytest.mark.parametrize("offer", [OFFER, _ONE_BY_ONE], ids=["pipelined", "one by one"])
@pytest.mark.parametrize(("verb", "reaction", "fate"), _ONE_COPY, ids=_name)
def test_one_copy_meets_trouble_and_the_others_arrive(
    verb: str, reaction: Reaction, fate: str, offer: tuple[str, ...]
) -> None:
    endless = reaction == Hang() or reaction == _NEVER_ENDS
    sent = sending.copies(5)
    with ScriptedServer((Rule(verb, reaction, first=3),), offer=offer) as server:
        notebook = Notebook(server)
        account = sending.transport(server.port, timeout_seconds=1 if endless else 10)
        session = sending.send(account, [sent], notebook)
    odd = "reader3@mail.example"
    assert sending.fates(sent) == ["accepted", "accepted", fate, "accepted", "accepted"]
    assert not session.down_for_good
    assert all(server.whole.count(copy.recipient) <= 1 for copy in sent)
    assert all(server.accepted.count(copy.recipient) == 1 for copy in sent if copy is not sent[2])
    assert server.accepted.count(odd) == (fate == "accepted")
    assert (odd in notebook.answered_copies) == (fate != "unknown")
    assert (sent[2].code is None) == (fate == "accepted")
    assert server.empty == 0


@pytest.mark.parametrize(
    ("verb", "reply"),
    [
        ("MAIL", b"354 go ahead\r\n"),
        ("RCPT", b"354 go ahead\r\n"),
        ("DATA", b"250 2.0.0 fine\r\n"),
        ("dot", b"354 more\r\n"),
        ("dot", b"600 5.0.0 beyond the scale\r\n"),
    ],
)
def test_a_server_that_answers_something_else_than_was_asked_is_not_listened_to_any_longer(
    verb: str, reply: bytes
) -> None:
    """Its next answer could belong to any command, and so to any copy."""
    sent = sending.copies(4)
    with ScriptedServer((Rule(verb, reply, first=2),)) as server:
        sending.send(sending.transport(server.port), [sent], Notebook(server))
    assert server.connections == 2
    assert sending.fates(sent).count("accepted") >= 3
