"""Posts over connections that stay open, as fast as the answers come; what providers do in a burst."""

import http.client
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

_TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Posted:
    """How a burst went: how long each answer took, and which there were."""

    seconds: float
    waits_ms: Sequence[float]
    statuses: Mapping[int, int]

    @property
    def p99_ms(self) -> float:
        """What 99 of 100 answers came within."""
        return sorted(self.waits_ms)[int(len(self.waits_ms) * 0.99)]


def post(
    address: str, bodies: Iterator[bytes], *, headers: Mapping[str, str], connections: int
) -> Posted:
    """Post every body once, over so many connections at a time."""
    where = urlsplit(address)
    waits: list[float] = []
    statuses: Counter[int] = Counter()

    def work() -> None:
        connection = http.client.HTTPConnection(where.netloc, timeout=_TIMEOUT_SECONDS)
        while (body := next(shared, None)) is not None:
            began = time.perf_counter()
            connection.request("POST", where.path, body, dict(headers))
            answer = connection.getresponse()
            answer.read()
            waits.append((time.perf_counter() - began) * 1e3)
            statuses[answer.status] += 1
        connection.close()

    shared = iter(list(bodies))
    began = time.monotonic()
    with ThreadPoolExecutor(connections) as pool:
        for each in [pool.submit(work) for _ in range(connections)]:
            each.result()
    return Posted(time.monotonic() - began, waits, statuses)
