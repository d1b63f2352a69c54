"""How the figures are printed and kept."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.mutants.judging import Tally, with_folders
from tests.mutants.mutant import Mutant

BEGIN, END = "<!-- table of mutants -->", "<!-- end of the table of mutants -->"
_COLUMNS = ("file", "changes", "tried", "noticed", "equal", "unnoticed", "share", "bar", "on")


def show(tallies: Sequence[Tally], left: Iterable[tuple[Mutant, str]]) -> None:
    """Print the table, and below it each change that nothing noticed."""
    table = Table(title="Mutants", title_justify="left")
    for column in (*_COLUMNS[:-1], ""):
        table.add_column(column)
    for tally in with_folders(tallies):
        table.add_row(*_cells(tally), "ok" if tally.held else "[red]MISSED[/]")
    console = Console(width=150, highlight=False)
    for mutant, answer in left:
        console.print(f"{answer}: {mutant.file} {mutant.function}", markup=False)
        for sign, lines in (("-", mutant.removed), ("+", mutant.added)):
            for line in lines.splitlines():
                console.print(f"    {sign} {line}", markup=False)
    console.print(table)


def write_document(tallies: Sequence[Tally], path: Path, *, on: date) -> None:
    """Put the rows into the table between the document's markers; rows of other files stay."""
    head, rest = path.read_text("utf-8").split(BEGIN, 1)
    body, tail = rest.split(END, 1)
    rows = {name: (tally, day) for tally, day in _rows(body) for name in [tally.name]}
    rows |= {tally.name: (tally, on.isoformat()) for tally in tallies}
    days = {tally.name: day for tally, day in rows.values()}
    ordered = with_folders([tally for _name, (tally, _day) in sorted(rows.items())])
    lines = [f"| {' | '.join(_COLUMNS)} |", f"|{'---|' * len(_COLUMNS)}"]
    for tally in ordered:
        cells = [*_cells(tally), days.get(tally.name, "")]
        lines.append(f"| {' | '.join([f'`{cells[0]}`', *cells[1:]])} |")
    text = "\n".join(lines)
    path.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}", "utf-8")


def _rows(body: str) -> list[tuple[Tally, str]]:
    """Read the files' rows back from a document's table."""
    found = []
    for line in body.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        name = cells[0].strip("`")
        if name.endswith(".py"):
            mutants, tried, noticed, equal = (int(cell) for cell in cells[1:5])
            found.append((Tally(name, mutants, tried, noticed, equal), cells[-1]))
    return found


def _cells(tally: Tally) -> list[str]:
    bar = "" if tally.bar is None else f"{tally.bar:.0%}"
    figures = (tally.mutants, tally.tried, tally.noticed, tally.equal, tally.unnoticed)
    # Down, not to the nearest: what is nearly all is not all.
    share = f"{int(tally.share * 1000) / 10:.1f} %"
    return [tally.name, *map(str, figures), share, bar.replace("%", " %")]
