"""Whatever a server does, and in whatever order: no copy twice, and no fate that is not true."""

from collections.abc import Sequence

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from briefing.transports.base import TransportDownError
from tests.briefing.transports import sending
from tests.briefing.transports.scripted import OFFER, Close, Drip, Hang, Rule, ScriptedServer
from tests.briefing.transports.sending import Notebook

_REPLIES = (
    *(b"250 2.0.0 fine\r\n", b"250-2.0.0 fine\r\n250 2.0.0 and good\r\n", b"354 go ahead\r\n"),
    *(b"421 4.3.2 closing\r\n", b"450 4.2.1 later\r\n", b"451 4.3.0 later\r\n"),
    *(b"452 4.3.1 full\r\n", b"550 5.1.1 nobody\r\n", b"552 5.3.4 large\r\n", b"554 5.7.1 no\r\n"),
    *(b"503 5.5.1 order\r\n", b"530 5.7.0 login\r\n", b"gibberish\r\n", b"25", b"\xff\xfe\r\n"),
    b"250 2.0.0 fine\r\n250 2.0.0 twice\r\n",
)
# To make a failing script shorter takes many minutes: every hang is a second.
_AS_FOUND = (Phase.explicit, Phase.reuse, Phase.generate)
rules = st.builds(
    Rule,
    verb=st.sampled_from(["MAIL", "RCPT", "DATA", "body", "dot", "RSET"]),
    reaction=st.sampled_from(
        [*_REPLIES, *[Close()] * 4, Hang(), Drip(b"250 2.0.0 slow\r\n", 0.001)]
    ),
    first=st.integers(1, 30),
    times=st.sampled_from([1, 1, 2, 30]),
)
scripts = st.lists(rules, min_size=1, max_size=6)


def _assert_true_fates(
    script: Sequence[Rule], *, sockets: int, pipelining: bool, eager: bool
) -> None:
    """Send thirty copies by this server; what is said of each must be what it saw of it."""
    sent = sending.copies(30)
    offer = OFFER if pipelining else OFFER[1:]
    with ScriptedServer(tuple(script), offer=offer, eager=eager) as server:
        notebook = Notebook(server)
        account = sending.transport(server.port, sockets=sockets, timeout_seconds=1)
        try:
            sending.send(account, [sent[:10], sent[10:20], sent[20:]], notebook)
        except TransportDownError as error:
            raise AssertionError("no rule concerns the greeting") from error
    for copy, fate in zip(sent, sending.fates(sent), strict=True):
        reader = copy.recipient
        assert server.whole.count(reader) <= 1
        assert (reader in notebook.started_copies) == copy.started
        assert (reader in notebook.answered_copies) == (fate not in {"unknown", "given back"})
        if fate == "accepted":
            assert server.accepted.count(reader) == 1
        elif fate != "unknown":
            assert reader not in server.accepted
        if fate == "given back":
            assert reader not in server.begun
    assert len(notebook.answered_copies) == len(set(notebook.answered_copies))


@settings(max_examples=10, deadline=None, phases=_AS_FOUND)
@given(script=scripts, sockets=st.integers(1, 4), pipelining=st.booleans(), eager=st.booleans())
def test_each_copy_has_one_true_fate(
    script: list[Rule], sockets: int, *, pipelining: bool, eager: bool
) -> None:
    _assert_true_fates(script, sockets=sockets, pipelining=pipelining, eager=eager)


@pytest.mark.full
@settings(max_examples=500, deadline=None, phases=_AS_FOUND)
@given(script=scripts, sockets=st.integers(1, 4), pipelining=st.booleans(), eager=st.booleans())
def test_each_copy_has_one_true_fate_in_thousands_of_scripts(
    script: list[Rule], sockets: int, *, pipelining: bool, eager: bool
) -> None:
    _assert_true_fates(script, sockets=sockets, pipelining=pipelining, eager=eager)
