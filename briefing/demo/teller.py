"""Tells on the terminal what `up` is doing: a live line where somebody looks, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.text import Text

_EVERY_SECONDS = 10.0
_COLUMN = 52


@dataclass(slots=True)
class Bar:
    """A long step under way. `advance` takes how much is done, and of how much."""

    advance: Callable[[int, int], None]
    done: str = ""


class Teller:
    """One line for each step that is done, with the time it took."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def say(self, text: str = "") -> None:
        """Print a line as it is."""
        self.console.print(Text(text), soft_wrap=True)

    @contextmanager
    def step(self, doing: str, *, done: str) -> Iterator[None]:
        """Show what is being done; say that it is done unless it raised."""
        began = time.monotonic()
        if self.console.is_terminal:
            with self.console.status(Text(doing)):
                yield
        else:
            yield
        self._done(done, time.monotonic() - began)

    @contextmanager
    def bar(self, doing: str) -> Iterator[Bar]:
        """Show how far a long step is; the caller says in `done` what came of it."""
        began = time.monotonic()
        bar = Bar(advance=self._lines(doing))
        if self.console.is_terminal:
            with self._progress() as progress:
                task = progress.add_task(doing, total=None)
                bar.advance = lambda reached, total: progress.update(
                    task, completed=reached, total=total
                )
                yield bar
        else:
            yield bar
        self._done(bar.done, time.monotonic() - began)

    def _done(self, text: str, seconds: float) -> None:
        line = Text.assemble(("  ✓ ", "green"), f"{text:<{_COLUMN}}", (f"{seconds:6.1f} s", "dim"))
        self.console.print(line)

    def _progress(self) -> Progress:
        return Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=self.console,
            transient=True,
        )

    def _lines(self, doing: str) -> Callable[[int, int], None]:
        """Return a function that says now and then how far it is: a log should stay short."""
        said_at = time.monotonic()

        def advance(reached: int, total: int) -> None:
            nonlocal said_at
            if time.monotonic() - said_at >= _EVERY_SECONDS:
                said_at = time.monotonic()
                self.say(f"    {doing}: {reached}/{total}")

        return advance
