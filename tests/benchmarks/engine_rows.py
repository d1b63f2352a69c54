"""The rows of the engine: SMTP end to end, state, scale, the first message."""

import math
from collections.abc import Iterator

from tests.benchmarks import sinks
from tests.benchmarks.copy import Copy, copy
from tests.benchmarks.table import Measured, median, repeat

_BYTES = 20_480
_READERS = 20_000
_REPEATS = 5


def _rate(made: Copy, number: int, port: int) -> float:
    figure = made.run("drain", number, EMAIL_URL=f"smtp://127.0.0.1:{port}")
    assert figure["complete"], figure
    return float(figure["per_second"])


def smtp() -> Iterator[Measured]:
    """SMTP end to end beside Postfix's own sender and Django's, against the same smtp-sink."""
    with copy("postgresql", readers=_READERS) as made, sinks.smtp_sink() as port:
        ours: list[float] = []
        theirs: list[float] = []
        for _ in range(_REPEATS):
            # In turn, so that the machine's moods meet both.
            theirs.append(sinks.smtp_source_rate(port, messages=_READERS, bytes_each=_BYTES))
            ours.append(_rate(made, _READERS, port))
        ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
        yield Measured(
            "SMTP end to end / smtp-source -s 20, same smtp-sink, 20 KB",
            median(ratios),
            "x",
            1.0,
            1.15,
            reference=f"{median(ours):,.0f}/s beside {median(theirs):,.0f}/s",
            samples=ratios,
        )
        plain = repeat(
            3,
            lambda: float(
                made.run("django", 500, EMAIL_URL=f"smtp://127.0.0.1:{port}")["per_second"]
            ),
        )
        ratio = median(ours) / median(plain)
        yield Measured(
            "SMTP end to end / Django, one connection per message",
            ratio,
            "x",
            18,
            22,
            reference=f"Django {median(plain):,.0f}/s",
        )


def cpu() -> Iterator[Measured]:
    """The sender's own CPU, database client included, beside that of Django's own loop."""
    with copy("postgresql", readers=_READERS) as made, sinks.cheap_sink() as port:
        address = f"smtp://127.0.0.1:{port}"
        each: list[float] = []
        plain: list[float] = []
        for _ in range(_REPEATS):
            each.append(float(made.run("drain", _READERS, EMAIL_URL=address)["cpu_us"]))
            plain.append(float(made.run("django", 500, EMAIL_URL=address)["cpu_us"]))
        yield Measured(
            "sender CPU per message, database client included",
            median(each),
            "us",
            50,
            35,
            reference=_beside("Django's own loop", plain, each),
            higher_is_better=False,
            samples=each,
        )


def scale() -> Iterator[Measured]:
    """A million readers end to end, with memory and the growth of time beside it."""
    figures: dict[int, dict[str, float]] = {}
    with copy("postgresql", readers=0) as made, sinks.cheap_sink() as port:
        address = f"smtp://127.0.0.1:{port}"
        for number in (10_000, 100_000, 1_000_000):
            made.run("prepare", number)
            figures[number] = made.run("drain", number, EMAIL_URL=address)
            assert figures[number]["complete"], figures
            waits = made.run("first", _REPEATS, EMAIL_URL=address)["seconds"]
            yield Measured(
                f"first message after running, {number:,} readers",
                median(waits),
                "s",
                0.3,
                0.1,
                higher_is_better=False,
                samples=waits,
            )
    million, hundred = figures[1_000_000], figures[100_000]
    yield Measured(
        "1,000,000 readers end to end, cheap sink, PostgreSQL",
        million["per_second"],
        "/s",
        20_000,
        35_000,
        reference=f"{million['cpu_us']:.0f} us of the sender's CPU each",
    )
    yield Measured(
        "growth of memory, 10k to 1M readers",
        million["memory_mb"] - figures[10_000]["memory_mb"],
        "MB",
        8,
        2,
        higher_is_better=False,
    )
    exponent = math.log10(million["seconds"] / hundred["seconds"])
    by_cpu = 1 + math.log10(million["cpu_us"] / hundred["cpu_us"])
    yield Measured(
        "total time, exponent of N above 100k",
        exponent,
        "",
        1.03,
        1.0,
        higher_is_better=False,
        # Of time alone, what else the machine did meanwhile is a part.
        reference=f"{by_cpu:.3f} by the sender's CPU",
    )


def distance() -> Iterator[Measured]:
    """How full the pipe is kept with a round trip of 20 ms, as a bare client measures it in turn."""
    sockets = 8
    with copy("postgresql", readers=4_000) as made, sinks.cheap_sink(delay_ms=20) as port:
        trips, filled = [], []
        for _ in range(_REPEATS):
            trips.append(sinks.round_trip_seconds(port, sockets=sockets))
            filled.append(_rate(made, 4_000, port) / sockets * trips[-1])
        trip = median(trips)
        yield Measured(
            "20 ms round trip: messages/s per connection x RTT",
            median(filled),
            "",
            0.8,
            0.95,
            reference=f"a bare client's round trip {trip * 1000:.1f} ms;",
            note=f"of 20.0 ms it would be {median(filled) * 0.020 / trip:.2f}",
            samples=filled,
        )


def state() -> Iterator[Measured]:
    """What claim, intent and result cost by themselves, and what a row weighs."""
    bars = {"postgresql": (8, 5, 145, 110), "sqlite": (5, 3, 75, 60)}
    for database, (bar, target, heavy, light) in bars.items():
        with copy(database, readers=100_000) as made:
            runs: list[dict[str, float]] = []
            bare: list[float] = []
            for _ in range(_REPEATS):
                runs.append(made.run("state", 100_000))
                bare.append(float(made.run("floor")["us_each"]))
            each = [float(run["us_each"]) for run in runs]
            yield Measured(
                f"state: claim + intent + result, {database}",
                median(each),
                "us a row",
                bar,
                target,
                reference=_beside("the bare rows", bare, each),
                higher_is_better=False,
                samples=each,
            )
            yield Measured(
                f"bytes per delivery, {database}",
                float(runs[0]["bytes_each"]),
                "bytes",
                heavy,
                light,
                higher_is_better=False,
            )


def _beside(what: str, theirs: list[float], ours: list[float]) -> str:
    """Say what stands beside a figure, and how many times it is ours: that holds on any machine."""
    times = median([a / b for a, b in zip(ours, theirs, strict=True)])
    return f"{what} {median(theirs):,.1f} us: {times:.3g} x"


ROWS = {"smtp": smtp, "cpu": cpu, "scale": scale, "distance": distance, "state": state}
