"""What a benchmark row is, and how rows are printed and kept."""

import json
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Measured:
    """One row as measured. `higher_is_better` tells how bar and target are to be read."""

    name: str
    value: float
    unit: str
    bar: float
    target: float
    reference: str = ""
    higher_is_better: bool = True
    samples: Sequence[float] = field(default_factory=tuple)
    note: str = ""

    @property
    def held(self) -> bool:
        """Whether the bar was reached."""
        return self.value >= self.bar if self.higher_is_better else self.value <= self.bar

    @property
    def reached(self) -> bool:
        """Whether the target was reached."""
        return self.value >= self.target if self.higher_is_better else self.value <= self.target


def median(samples: Sequence[float]) -> float:
    """Return the middle of several runs: machines are noisy, one run says little."""
    return statistics.median(samples)


def repeat(times: int, measure: Callable[[], float]) -> list[float]:
    """Measure several times."""
    return [measure() for _ in range(times)]


def show(rows: Sequence[Measured], *, machine: str) -> None:
    """Print the rows beside their bars and targets."""
    table = Table(title=f"Benchmarks: {machine}", title_justify="left")
    for column in ("what", "measured", "bar", "target", "beside it in the same run", ""):
        table.add_column(column)
    for row in rows:
        sign = ">=" if row.higher_is_better else "<="
        verdict = "[red]MISSED[/]" if not row.held else "target" if row.reached else "ok"
        table.add_row(
            row.name,
            f"{_figure(row.value)} {row.unit}",
            f"{sign} {_figure(row.bar)}",
            _figure(row.target),
            " ".join(filter(None, [row.reference, row.note])),
            verdict,
        )
    Console(width=170).print(table)


def as_json(rows: Sequence[Measured]) -> str:
    """Return the rows as JSON."""
    return json.dumps([asdict(row) | {"held": row.held} for row in rows], indent=2)


def yardstick() -> str:
    """Say how fast this machine's Python is at present: what an absolute figure is to be read by."""
    times = []
    for _ in range(5):
        begun, total = time.process_time(), 0
        for number in range(3_000_000):
            total += number
        times.append(time.process_time() - begun)
    return f"{os.cpu_count()} cores; a loop of 3,000,000 additions in Python took {median(times):.2f} s"


def write_document(rows: Sequence[Measured], path: Path, *, at: datetime, machine: str) -> None:
    """Replace the table between the markers of docs/benchmarks.md; the words around it stay."""
    lines = [f"Measured on {at:%d %B %Y}; {machine}.", ""]
    lines += [
        "| what | measured | bar | target | beside it in the same run | |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        sign = "≥" if row.higher_is_better else "≤"
        verdict = "**missed**" if not row.held else "target" if row.reached else "held"
        lines.append(
            f"| {row.name} | {_figure(row.value)} {row.unit} | {sign} {_figure(row.bar)} | "
            f"{_figure(row.target)} | {' '.join(filter(None, [row.reference, row.note]))} | {verdict} |"
        )
    begin, end = "<!-- table -->", "<!-- end of table -->"
    text = path.read_text("utf-8") if path.exists() else f"# Benchmarks\n\n{begin}\n{end}\n"
    head, rest = text.split(begin, 1)
    tail = rest.split(end, 1)[1]
    body = "\n".join(lines)
    path.write_text(f"{head}{begin}\n{body}\n{end}{tail}", "utf-8")


def _figure(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"
