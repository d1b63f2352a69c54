"""An IMAP server on this machine, inside TLS, that knows what reading a mailbox needs."""

import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Folders:
    """What the server holds: mails by UID, their flags, and what was copied elsewhere."""

    mails: dict[int, bytes]
    takes_copies: bool = True
    uidplus: bool = True
    # Mails that it does not let anybody delete, and what it says instead of an answer to a command.
    keeps: frozenset[int] = frozenset()
    rubbish: dict[str, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=dict)
    aside: list[bytes] = field(default_factory=list)
    port: int = 0

    def flagged(self, uid: int) -> set[str]:
        return self.flags.setdefault(uid, set())

    def expunge(self, only: int | None = None) -> None:
        for uid in [uid for uid in self.mails if only in {None, uid}]:
            if r"\Deleted" in self.flagged(uid):
                del self.mails[uid]


@contextmanager
def serving(folders: Folders, context: ssl.SSLContext) -> Iterator[Folders]:
    """Run the server; the user is `desk`, the password `p@ss`."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.request.settimeout(10)
            self.wfile.write(b"* OK ready\r\n")
            while line := self.rfile.readline():
                tag, _space, rest = line.decode().strip().partition(" ")
                verb = rest.removeprefix("UID ").partition(" ")[0]
                if verb in folders.rubbish:
                    self.wfile.write(folders.rubbish[verb])
                    return
                lines = _answer(folders, rest)
                self.wfile.write(b"".join(lines[:-1]) + f"{tag} {lines[-1].decode()}\r\n".encode())
                if rest == "LOGOUT":
                    return

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

        def get_request(self) -> tuple[Any, Any]:
            sock, peer = super().get_request()
            return context.wrap_socket(sock, server_side=True), peer

    with Server(("127.0.0.1", 0), Handler) as server:
        folders.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield folders
        finally:
            server.shutdown()
            thread.join()


def _answer(folders: Folders, command: str) -> list[bytes]:
    """Return untagged lines and, last, what follows the tag."""
    ok, no = b"OK done", b"NO refused"
    verb, _space, rest = command.removeprefix("UID ").partition(" ")
    if verb == "CAPABILITY":
        extra = b" UIDPLUS" if folders.uidplus else b""
        lines = [b"* CAPABILITY IMAP4rev1%s\r\n" % extra, ok]
    elif verb == "SEARCH":
        left = {r"\Deleted", r"\Flagged"}
        kept = [str(uid) for uid in folders.mails if not folders.flagged(uid) & left]
        lines = [f"* SEARCH {' '.join(kept)}\r\n".encode(), ok]
    elif verb == "FETCH":
        uid = rest.partition(" ")[0]
        mail = folders.mails[int(uid)]
        head = f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(mail)}}}\r\n".encode()
        lines = [head + mail + b")\r\n", ok]
    elif verb == "LOGIN":
        lines = [ok if rest == 'desk "p@ss"' else no]
    else:
        lines = [ok if _change(folders, verb, rest) else no]
    return lines


def _change(folders: Folders, verb: str, rest: str) -> bool:
    """Do what changes something; whatever is not known here changes nothing."""
    number = (
        int(rest.split(maxsplit=1)[0]) if rest and rest.split(maxsplit=1)[0].isdecimal() else None
    )
    if verb == "STORE" and number in folders.keeps:
        return False
    if verb == "STORE" and number:
        folders.flagged(number).add(re.findall(r"\((.+)\)", rest)[0])
    elif verb == "COPY" and number:
        if folders.takes_copies:
            folders.aside.append(folders.mails[number])
        return folders.takes_copies
    elif verb in {"EXPUNGE", "CLOSE"}:
        folders.expunge(number)
    return True
