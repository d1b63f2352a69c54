"""A port counts as free only when nobody would answer there, under either name of this machine."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from briefing.demo import ports


@pytest.fixture(autouse=True)
def reserved(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[socket.socket]]:
    """Give back after each test what it reserved, as the end of a process does."""
    marks: list[socket.socket] = []
    monkeypatch.setattr(ports, "_reserved", marks)
    yield marks
    for mark in marks:
        mark.close()


@contextmanager
def _listening(family: socket.AddressFamily, host: str, *, shared: bool = False) -> Iterator[int]:
    with socket.socket(family) as server:
        if shared:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            server.bind((host, 0))
        except OSError:
            pytest.skip(f"this machine has no {host}")
        server.listen()
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    ("family", "host"),
    [
        (socket.AF_INET, "127.0.0.1"),
        (socket.AF_INET6, "::1"),
        (socket.AF_INET, "0.0.0.0"),  # noqa: S104  the server of a stranger, whom we must notice
    ],
)
def test_a_port_is_taken_whatever_the_server_is_bound_to(
    family: socket.AddressFamily, host: str
) -> None:
    with _listening(family, host) as port:
        assert not ports.is_free(port)
    assert ports.is_free(port)


def test_a_web_server_that_would_share_its_port_is_noticed() -> None:
    with _listening(socket.AF_INET, "127.0.0.1", shared=True) as port:
        assert not ports.is_free(port)


def test_the_first_free_port_is_taken_else_any_that_is() -> None:
    with _listening(socket.AF_INET, "127.0.0.1") as busy:
        free = ports.choose([busy])
        assert free != busy
        assert ports.is_free(free)


def test_a_port_that_one_copy_took_is_not_free_for_another(reserved: list[socket.socket]) -> None:
    port = ports.choose([])
    assert not ports.reserve(port)
    assert ports.choose([port]) != port
    reserved.pop(0).close()
    assert ports.reserve(port)
