"""A provider that reports: to the webhook, over two connections, again and again until it is heard."""

import http.client
import json
import random
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

from tests.briefing.web import hooks

_CONNECTIONS = 2
_AGAIN_SECONDS = 0.1
_PATH = "/hooks/sendgrid/"


@dataclass(slots=True)
class Told:
    """How long each post waited for its answer, and how many had to be made again."""

    seconds: list[float] = field(default_factory=list)
    repeated: int = 0

    def save(self, path: Path) -> None:
        """Write it down for another process, whole or not at all."""
        path.with_suffix(".part").write_text(json.dumps(asdict(self)), "ascii")
        path.with_suffix(".part").rename(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read it back."""
        return cls(**json.loads(path.read_text("ascii")))


def report(kind: str, dispatch_id: int, reader: int) -> dict[str, Any]:
    """Return what SendGrid reports of a reader's copy, as documented; the same each time."""
    payload = json.loads((hooks.PAYLOADS / "sendgrid" / f"{kind}.json").read_text("utf-8"))
    (line,) = payload["body"]
    own = {
        "email": f"reader{reader}@mail.example",
        "reference": hooks.a_reference(dispatch_id, reader),
        "sg_event_id": f"{reader}-{kind}",
    }
    return {**line, **own}


def posts(reports: Iterable[dict[str, Any]], *, times: int, size: int) -> list[bytes]:
    """Put reports into posts of a size, each report so many times, in no order at all."""
    lines = [json.dumps(each).encode() for each in reports] * times
    random.shuffle(lines)
    return [b"[" + b",".join(lines[at : at + size]) + b"]" for at in range(0, len(lines), size)]


def tell(port: int, bodies: Sequence[bytes], *, pause_seconds: float = 0.0) -> Told:
    """Post everything; what is not answered by 200 is posted again."""
    told = Told()
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        shares = [bodies[at::_CONNECTIONS] for at in range(_CONNECTIONS)]
        for share in pool.map(partial(_tell, port, pause_seconds=pause_seconds), shares):
            told.seconds += share.seconds
            told.repeated += share.repeated
    return told


def forge(port: int, body: bytes, authorization: str) -> int:
    """Post something without knowing the secret; returns the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", _PATH, body, _headers() | {"Authorization": authorization})
    status = connection.getresponse().status
    connection.close()
    return status


def _tell(port: int, bodies: Sequence[bytes], *, pause_seconds: float) -> Told:
    told, headers = Told(), _headers()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for body in bodies:
        while True:
            began = time.perf_counter()
            try:
                connection.request("POST", _PATH, body, headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status == http.HTTPStatus.OK:
                    break
            except (OSError, http.client.HTTPException):
                connection.close()
            told.repeated += 1
            time.sleep(_AGAIN_SECONDS)  # as a provider does
        told.seconds.append(time.perf_counter() - began)
        time.sleep(pause_seconds)  # as often as the row says
    connection.close()
    return told


def _headers() -> dict[str, str]:
    return {
        "Host": "localhost",
        "Content-Type": "application/json",
        "Authorization": hooks.basic(),
    }
