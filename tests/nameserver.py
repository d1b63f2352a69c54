"""A name server on loopback that knows one small zone: what DNS says is read from the wire."""

import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset

# Texts by their name; other records by their kind and name: "A mail.example.org".
Zone = Mapping[str, Sequence[str]]


@dataclass
class NameServer:
    """What it knows, what it was asked, and a resolver that asks it."""

    port: int
    zone: dict[str, Sequence[str]] = field(default_factory=dict)
    is_silent: bool = False
    asked: list[str] = field(default_factory=list)

    @property
    def resolver(self) -> dns.resolver.Resolver:
        """A resolver that knows no other server, and gives up soon."""
        made = dns.resolver.Resolver(configure=False)
        made.nameservers, made.port = ["127.0.0.1"], self.port
        return made

    def answer(self, wire: bytes) -> bytes | None:
        """Return what it says to one question; a name above others is there, and empty (RFC 8020)."""
        query = dns.message.from_wire(wire)
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        self.asked.append(name)
        if self.is_silent:
            return None
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA | dns.flags.RA
        if found := self.zone.get(name if kind == "TXT" else f"{kind} {name}"):
            words = map(_quoted, found) if kind == "TXT" else found
            reply.answer.append(dns.rrset.from_text_list(f"{name}.", 60, "IN", kind, list(words)))
        elif not any(f".{each.split()[-1]}".endswith(f".{name}") for each in self.zone):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply.to_wire()


@contextmanager
def running(zone: Zone) -> Iterator[NameServer]:
    """Answer on a free port until the block ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        server = NameServer(sock.getsockname()[1], dict(zone))
        thread = threading.Thread(target=_serve, args=[sock, server], daemon=True)
        thread.start()
        yield server
        # An empty datagram is the word to stop.
        sock.sendto(b"", sock.getsockname())
        thread.join()


def _serve(sock: socket.socket, server: NameServer) -> None:
    while True:
        wire, sender = sock.recvfrom(4096)
        if not wire:
            return
        if reply := server.answer(wire):
            sock.sendto(reply, sender)


def _quoted(text: str) -> str:
    """Cut a text as long keys are cut: no piece of a record has more than 255 octets."""
    return " ".join(f'"{text[begin : begin + 255]}"' for begin in range(0, len(text), 255))
