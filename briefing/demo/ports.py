"""Finds ports on which nobody answers, neither under 127.0.0.1 nor under ::1."""

import errno
import socket
from collections.abc import Iterable

# A browser asked for localhost may try either.
_LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
_NO_IPV6 = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT}


def is_free(port: int) -> bool:
    """Whether a server could listen there and nobody else would be found under that name.

    Asked without SO_REUSEPORT: with it, a bind succeeds beside a web server left behind by an
    earlier run, and the two would share the visitors.
    """
    for family, host in _LOOPBACK:
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
        except OSError as error:
            if not _is_absent(error, family):
                return False
    return True


def choose(wanted: Iterable[int], *, taken: Iterable[int] = ()) -> int:
    """Return the first wanted port that is free and not taken, else any such port."""
    unusable = set(taken)
    for port in wanted:
        if port not in unusable and is_free(port):
            return port
    while True:
        port = _any_port()
        if port not in unusable and is_free(port):
            return port


def _any_port() -> int:
    """Return a port that the system calls free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _is_absent(error: OSError, family: socket.AddressFamily) -> bool:
    """Whether the machine has no IPv6 at all: then nobody can listen there either."""
    return family == socket.AF_INET6 and error.errno in _NO_IPV6
