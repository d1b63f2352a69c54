"""The sink as a test holds it: a process of its own, what it is told, and what it took."""

import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.faults import sinklog


class Postbox:
    """Starts the sink; gone with the `with` block, and with the process that started it."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.sink", str(log)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self._read())

    @property
    def url(self) -> str:
        """Return its address as EMAIL_URL takes it."""
        return f"smtp://127.0.0.1:{self.port}"

    def order(self, what: str, value: object = "") -> None:
        """Tell the sink how to be; returns when it is so."""
        assert self._process.stdin
        self._process.stdin.write(f"{what} {value}\n")
        self._process.stdin.flush()
        if self._read() != "ok":
            raise RuntimeError(f"the sink did not obey: {what}")

    def copies(self) -> Counter[int]:
        """Return how many copies each reader has."""
        return sinklog.copies(self.log)

    def taken(self) -> int:
        """Return how many messages were taken so far; the log is only counted, not read."""
        return self.log.read_bytes().count(b"\n")

    def _read(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.terminate()
        self._process.wait()
