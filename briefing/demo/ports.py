"""Finds ports on which nobody answers, and keeps other copies on this machine from taking them too."""

import errno
import random
import socket
import sys
from collections.abc import Iterable

# A browser asked for localhost may try either.
_LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
_NO_IPV6 = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT}
# Below the ports that outgoing connections are given, so that none of those is in the way.
_ANY = range(20_000, 32_000)

# Reservations last as long as this process, through an exec as well when they are inheritable.
_reserved: list[socket.socket] = []


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
            # No IPv6 on this machine: then nobody can listen there either.
            if not (family == socket.AF_INET6 and error.errno in _NO_IPV6):
                return False
    return True


def reserve(port: int) -> bool:
    """Take a free port for this process, so that a copy started at the same moment takes another.

    Between looking and listening is time for both to find it free; the web server, which shares
    its port, would not even notice.
    """
    mark = _mark(port)
    if mark is not None and is_free(port):
        _reserved.append(mark)
        return True
    if mark is not None:
        mark.close()
    return False


def choose(wanted: Iterable[int]) -> int:
    """Reserve the first wanted port that can be had, else any other, and return it."""
    for port in wanted:
        if reserve(port):
            return port
    while not reserve(port := random.choice(_ANY)):  # noqa: S311  no secret
        pass
    return port


def reservations() -> list[int]:
    """Return the file descriptors that hold this process's reservations."""
    return [mark.fileno() for mark in _reserved]


def _mark(port: int) -> socket.socket | None:
    """Take a name that only one process can have and that goes with it; None when it is taken.

    Linux has such names (unix(7), abstract sockets), one set for each set of ports. Elsewhere the
    moment between looking and listening is left as it is.
    """
    mark = socket.socket(socket.AF_UNIX)
    if sys.platform == "linux":
        try:
            mark.bind(f"\0robotics-briefing/port/{port}")
        except OSError:
            mark.close()
            return None
    return mark
