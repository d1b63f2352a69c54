"""The rows of a provider's API, each beside Anymail's own way of sending in the same run."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

from tests.benchmarks.table import Measured

_ROWS = (
    ("postmark", "Anymail batches, Postmark full bodies, 500 a call", 4_200, 5_000),
    ("mailgun", "Anymail batches, Mailgun variables, 1000 a call", 13_000, 20_000),
    ("single", "per reader through Anymail, opened, one process", 900, 1_800),
)


def providers() -> Iterator[Measured]:
    """Copies a second against local fakes: spliced, called, answers read; without the database."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.anymail"],
        env=os.environ | {"DATABASE_URL": "sqlite://"},
        capture_output=True,
        text=True,
        check=True,
    )
    figures = json.loads(done.stdout.splitlines()[-1])
    alone = figures["alone"]
    for key, name, bar, target in _ROWS:
        figure = figures[key]
        yield Measured(
            name,
            figure["per_second"],
            "/s",
            bar,
            target,
            reference=f"Anymail by itself {alone['per_second']:,.0f}/s",
            note=f"({figure['cpu_microseconds']:.0f} beside {alone['cpu_microseconds']:.0f} us CPU)",
        )


ROWS: dict[str, Callable[[], Iterator[Measured]]] = {"providers": providers}
