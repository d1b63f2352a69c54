"""What a fault is, what was measured, and how both are printed and kept. Pure."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from rich.console import Console
from rich.table import Table

_BEGIN, _END = "<!-- {} table -->", "<!-- end of {} table -->"
_COLUMNS = ("fault", "must hold", "lost", "extra", "to unsub.", "unknown", "recovered", "measured")


@dataclass(slots=True)
class Measured:
    """What one fault did. None means that the figure has no meaning there."""

    lost: int | None = None
    extra: int | None = None
    to_unsubscribed: int | None = None
    unknown: int | None = None
    recovered_seconds: float | None = None
    note: str = ""
    broken: list[str] = field(default_factory=list)

    def demand(self, holds: object, otherwise: str) -> None:
        """Note what is broken when something that has to hold does not."""
        if not holds:
            self.broken.append(otherwise)

    def as_json(self) -> str:
        """Return it as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Read it back from such a line."""
        return cls(**json.loads(line))


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the table. `seconds` is how long it may take before it counts as hung.

    `alone` keeps others from running beside it: it measures times, or takes away what they share.
    """

    name: str
    what: str
    must: str
    database: str
    run: Callable[[Any], Measured]
    seconds: float
    only_long: bool
    alone: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One row as printed."""

    fault: Fault
    measured: Measured
    took_seconds: float

    @property
    def held(self) -> bool:
        """Whether everything held that must."""
        return not self.measured.broken

    def cells(self) -> list[str]:
        """Return the row's cells, the verdict left out."""
        measured = self.measured
        recovered = measured.recovered_seconds
        figures = (measured.lost, measured.extra, measured.to_unsubscribed, measured.unknown)
        return [
            f"{self.fault.what} ({self.fault.database})",
            self.fault.must,
            *("" if figure is None else str(figure) for figure in figures),
            "" if recovered is None else f"{recovered:.1f} s",
            measured.note,
        ]


def show(lines: Sequence[Line]) -> None:
    """Print the table, and below it what was broken."""
    table = Table(title="Faults", title_justify="left", show_lines=True)
    for column in (*_COLUMNS, ""):
        table.add_column(column)
    for line in lines:
        table.add_row(*line.cells(), "ok" if line.held else "[red]FAILED[/]")
    console = Console(width=190, highlight=False)
    console.print(table)
    for line in lines:
        for broken in line.measured.broken[:10]:
            console.print(f"{line.fault.name}: {broken}", markup=False)


def write_document(lines: Sequence[Line], path: Path, head: str, *, name: str) -> None:
    """Replace the table of a name between its markers in a document; the words around it stay."""
    rows = [f"| {' | '.join((*_COLUMNS, ''))} |", f"|{'---|' * (len(_COLUMNS) + 1)}"]
    for line in lines:
        verdict = "ok" if line.held else "**FAILED**"
        rows.append(f"| {' | '.join((*line.cells(), verdict))} |")
    begin, end = _BEGIN.format(name), _END.format(name)
    before, rest = path.read_text("utf-8").split(begin, 1)
    after = rest.split(end, 1)[1]
    text = "\n".join([head, "", *rows])
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}", "utf-8")
