"""Connections that come after nobody waits for them are hung up, and nothing of them stays open."""

import select
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from briefing.transports.base import TransportDownError
from briefing.transports.smtp.dial import Connection, Dialler
from briefing.transports.smtp.offer import Offer

OFFER = Offer(pipelining=True, eight_bit=True, utf8=True, size=True, max_bytes=0)


class Line:
    """Both ends of a connection; `connect` gives one away when it is told to."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.theirs.settimeout(10)
        self.may_connect = threading.Event()

    def connect(self) -> Connection:
        assert self.may_connect.wait(10)
        return Connection(self.ours, OFFER)

    def is_hung_up(self) -> bool:
        """Wait until the other end is gone."""
        return self.theirs.recv(1) == b""


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.may_connect.set()
    made.ours.close()
    made.theirs.close()


def dialling(connect: Callable[[], Connection]) -> Dialler:
    dialler = Dialler(connect, at_once=2)
    dialler.dial()
    return dialler


def has_rung(dialler: Dialler) -> bool:
    readable, _writable, _broken = select.select([dialler.bell], [], [], 10)
    return bool(readable)


def test_a_connection_that_is_opened_rings_and_is_handed_out_once(line: Line) -> None:
    dialler = dialling(line.connect)
    assert (dialler.pending, list(dialler.opened())) == (1, [])

    line.may_connect.set()

    assert has_rung(dialler)
    assert list(dialler.opened()) == [Connection(line.ours, OFFER)]
    assert (dialler.pending, list(dialler.opened())) == (0, [])
    dialler.close()


def test_a_connection_that_nobody_took_is_hung_up_at_the_end(line: Line) -> None:
    dialler = dialling(line.connect)
    line.may_connect.set()
    assert has_rung(dialler)

    dialler.close()

    assert line.is_hung_up()
    assert dialler.pending == 0


def test_a_connection_that_comes_after_the_end_is_hung_up(line: Line) -> None:
    dialler = dialling(line.connect)
    dialler.close()
    line.may_connect.set()

    assert line.is_hung_up()


def test_a_server_that_is_down_is_told_and_another_error_is_raised() -> None:
    errors = [TransportDownError("refused"), ValueError("a bug")]

    def fail() -> Connection:
        raise errors.pop(0)

    dialler = dialling(fail)
    assert has_rung(dialler)
    assert [str(found) for found in dialler.opened()] == ["refused"]
    dialler.dial()
    assert has_rung(dialler)
    with pytest.raises(ValueError, match="a bug"):
        list(dialler.opened())
    dialler.close()
