"""Charts as the templates draw them: rectangles in SVG, whose figures stand in a table below."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

Words = str | Promise

# A band's inner measures; the drawing is stretched to the page.
STEP = 10
BAR = 8
HEIGHT = 40
CELL = 10
LENGTH = 1000
_FEWEST = 12
_PALEST = 0.15


@dataclass(frozen=True, slots=True)
class Bar:
    """One rectangle. `share` says how deep its colour is."""

    x: float
    y: float
    width: float
    height: float
    share: float = 1.0
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """One row of bars on a scale of its own: small numbers stay to be seen beside large ones."""

    name: Words
    tone: str
    total: int
    most: int
    width: int
    bars: list[Bar]


@dataclass(frozen=True, slots=True)
class Grid:
    """A field of cells, as deep in colour as the share that each stands for."""

    width: int
    height: int
    cells: list[Bar]


def band(name: Words, tone: str, numbers: Sequence[int], *, total: int | None = None) -> Band:
    """Draw a row of numbers. Negative ones, as when more came back than left, have no bar."""
    most = max([*numbers, 0])
    bars = []
    for index, number in enumerate(numbers):
        height = round(HEIGHT * max(number, 0) / (most or 1), 2)
        bars.append(Bar(index * STEP, round(HEIGHT - height, 2), BAR, height))
    every = sum(numbers) if total is None else total
    # One bar alone would be as wide as the page.
    slots = len(numbers) if len(numbers) > 1 else _FEWEST
    return Band(name, tone, every, most, slots * STEP, bars)


def grid(rows: Sequence[Sequence[float]]) -> Grid:
    """Draw shares, the lowest palest: where all of them are high, or low, they still differ."""
    every = [share for shares in rows for share in shares]
    low, high = min(every, default=0.0), max(every, default=0.0)
    cells = [
        Bar(column * CELL, row * CELL, CELL, CELL, _depth(share, low, high))
        for row, shares in enumerate(rows)
        for column, share in enumerate(shares)
    ]
    columns = max((len(shares) for shares in rows), default=1)
    return Grid(columns * CELL, max(len(rows), 1) * CELL, cells)


def _depth(share: float, low: float, high: float) -> float:
    if not share:
        return 0.0
    return round(_PALEST + (1 - _PALEST) * (share - low) / (high - low or 1), 3)


def stacked(parts: Sequence[tuple[str, int]], *, of: int) -> list[Bar]:
    """Draw parts, each with its tone, one behind the other on a bar that is `of` long."""
    bars, begin = [], 0.0
    for tone, number in parts:
        length = round(LENGTH * max(number, 0) / max(of, 1), 1)
        bars.append(Bar(begin, 0, length, 10, tone=tone))
        begin += length
    return bars


def ends(labels: Sequence[Any]) -> list[Any]:
    """Return the labels that stand under a band: the first, the middle and the last."""
    if len(labels) < 3:
        return list(labels)
    return [labels[0], labels[len(labels) // 2], labels[-1]]
