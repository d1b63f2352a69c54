"""A socket that never blocks: what is said waits here until the kernel takes it."""

import socket
import ssl

_READ_BYTES = 65536
_BLOCKED = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Stream:
    """Both directions of one connection. `taken` counts the bytes that are out of our hands."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.taken = 0
        self._said = 0
        self._pieces: list[bytes | memoryview] = []
        # A TLS record is made of one piece; the kernel gathers several without copying them first.
        self._send = self._send_joined if isinstance(sock, ssl.SSLSocket) else sock.sendmsg

    @property
    def waiting(self) -> bool:
        """Whether the kernel did not take everything yet."""
        return bool(self._pieces)

    def say(self, data: bytes) -> int:
        """Queue bytes for the next flush; returns what `taken` will be when all of them are out."""
        self._pieces.append(data)
        self._said += len(data)
        return self._said

    def flush(self) -> None:
        """Write what can be written now. Raises: OSError."""
        try:
            while self._pieces:
                # Of a TLS record that was begun, nothing counts as sent before its end is.
                sent = self._send(self._pieces)
                self.taken += sent
                if self.taken == self._said:
                    self._pieces.clear()
                else:
                    self._pieces = [memoryview(b"".join(self._pieces))[sent:]]
        except _BLOCKED:
            pass

    def _send_joined(self, pieces: list[bytes | memoryview]) -> int:
        return self.sock.send(b"".join(pieces))

    def hear(self) -> bytes:
        """Return what has come, which may be nothing yet. Raises: OSError, EOFError at the end."""
        try:
            # Of TLS one record at most is decrypted: none stays where no selector can see it.
            data = self.sock.recv(_READ_BYTES)
        except _BLOCKED:
            return b""
        if not data:
            raise EOFError
        return data

    def forget(self) -> None:
        """Let go of what was not taken."""
        self._pieces.clear()
