"""The rows of a burst of webhooks, posted to a web server as production runs it."""

import base64
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.benchmarks import posting, serving
from tests.benchmarks.copy import Copy, copy
from tests.benchmarks.table import Measured

_READERS = 10_000
_EVENTS = 100_000
# So many of them in posts of their own, as Postmark sends them.
_ALONE = 10_000
# What a provider opens to one receiver; more at once would only wait longer at two workers.
_CONNECTIONS = 16
# SendGrid puts what happened within a moment into one post.
_A_POST = 50
_SECRET = "desk:benchmark-secret"
_PAYLOADS = Path(__file__).parents[1] / "payloads"
_P99_MS = 100


def hooks() -> Iterator[Measured]:
    """100,000 events, a tenth of them in posts of one and the others in posts of fifty."""
    for database in ("postgresql", "sqlite"):
        with copy(database, readers=_READERS) as made:
            references = made.run("references", _READERS)["references"]
            settings = {"ANYMAIL_WEBHOOK_SECRET": _SECRET}
            with serving.site(made, **settings) as address:
                hello = serving.ask(f"{address}/hello/", seconds=3)
                alone = map(_one, _numbered(references, range(_ALONE)))
                one = _burst(address, "postmark", alone, _CONNECTIONS)
                many = _burst(address, "sendgrid", _many(references), _CONNECTIONS // 4)
            yield from _rows(made, database, hello, (one, many))


def _rows(
    made: Copy, database: str, hello: serving.Load, bursts: tuple[posting.Posted, posting.Posted]
) -> Iterator[Measured]:
    kept = made.run("fold_all")
    refused = sum(n for each in bursts for status, n in each.statuses.items() if status != 200)
    for name, burst, events in zip(
        ("one event", f"{_A_POST} events"), bursts, (1, _A_POST), strict=True
    ):
        rate = len(burst.waits_ms) / burst.seconds * events
        yield Measured(
            f"webhook posts of {name} in a burst, {database}, 99 of 100 within",
            burst.p99_ms,
            "ms",
            _P99_MS,
            _P99_MS / 2,
            higher_is_better=False,
            reference=f"hello view {hello.p99_ms:,.0f} ms",
            note=f"({rate:,.0f} events/s posted)",
        )
    yield Measured(
        f"events kept of {_EVENTS:,} posted, {database}",
        kept["events"],
        "",
        _EVENTS,
        _EVENTS,
        note=f"{refused} refused; folded afterwards at {kept['per_second']:,.0f}/s",
    )


def _burst(
    address: str, provider: str, bodies: Iterator[bytes], connections: int
) -> posting.Posted:
    word = base64.b64encode(_SECRET.encode()).decode()
    headers = {"Authorization": f"Basic {word}", "Content-Type": "application/json"}
    return posting.post(
        f"{address}/hooks/{provider}/", bodies, headers=headers, connections=connections
    )


def _numbered(references: list[str], numbers: range) -> Iterator[tuple[int, str]]:
    """Yield events' numbers, each with some reader's reference."""
    for number in numbers:
        yield number, references[number % len(references)]


def _one(event: tuple[int, str]) -> bytes:
    number, reference = event
    body = _body("postmark") | {"MessageID": f"{number}", "Metadata": {"reference": reference}}
    return json.dumps(body).encode()


def _many(references: list[str]) -> Iterator[bytes]:
    (line,) = _body("sendgrid")
    lines = [
        line | {"sg_event_id": f"{number}", "reference": reference}
        for number, reference in _numbered(references, range(_ALONE, _EVENTS))
    ]
    for begin in range(0, len(lines), _A_POST):
        yield json.dumps(lines[begin : begin + _A_POST]).encode()


@cache
def _body(provider: str) -> Any:
    return json.loads((_PAYLOADS / provider / "delivered.json").read_text("utf-8"))["body"]


ROWS: dict[str, Callable[[], Iterator[Measured]]] = {"hooks": hooks}
