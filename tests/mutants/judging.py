"""What the tests noticed: figures for each file, and the changes that change nothing. Pure."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.mutant import Mutant

# An endless loop that a change makes is noticed by whoever waits for the test.
NOTICED = frozenset({"killed", "timeout"})
BAR = 0.85
# Where the promise is kept, every change has to be noticed.
WHOLLY = frozenset(
    f"briefing/dispatch/{name}.py" for name in ("claims", "sql/claiming", "intents", "outcome")
)


@dataclass(frozen=True, slots=True)
class Equal:
    """A change after which the code does the same, and why it does."""

    file: str
    function: str
    added: str
    reason: str


@dataclass(frozen=True, slots=True)
class Tally:
    """What was tried of a file or folder, without the `equal` ones what the tests noticed."""

    name: str
    mutants: int
    tried: int
    noticed: int
    equal: int

    @property
    def unnoticed(self) -> int:
        """How many changes no test noticed."""
        return self.tried - self.noticed - self.equal

    @property
    def share(self) -> float:
        """The part that was noticed, of those that change anything."""
        changing = self.tried - self.equal
        return self.noticed / changing if changing else 1.0

    @property
    def bar(self) -> float | None:
        """What the share must reach: the files of the promise all of it, a folder most of it."""
        if self.name in WHOLLY:
            return 1.0
        return None if self.name.endswith(".py") else BAR

    @property
    def held(self) -> bool:
        """Whether enough was noticed."""
        return self.bar is None or self.share >= self.bar


def equals(path: Path) -> list[Equal]:
    """Read the list of changes that change nothing."""
    return [Equal(**each) for each in tomllib.loads(path.read_text("utf-8"))["equal"]]


def spread(mutants: Sequence[Mutant], *, of_each: int | None) -> list[Mutant]:
    """Return no more than so many of each file, from its first change to its last."""
    files: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        files.setdefault(mutant.file, []).append(mutant)
    return [
        file[nth * len(file) // wanted]
        for file in files.values()
        for wanted in [min(len(file), of_each or len(file))]
        for nth in range(wanted)
    ]


def tally(
    mutants: Sequence[Mutant], answers: Mapping[str, str], known: Iterable[Equal]
) -> list[Tally]:
    """Count by file, in the order of their names."""
    same = set(unnoticed_equals(mutants, answers, known))
    made = Counter(each.file for each in mutants)
    tried = Counter(each.file for each in mutants if each.name in answers)
    noticed = Counter(each.file for each in mutants if answers.get(each.name) in NOTICED)
    equal = Counter(each.file for each in same)
    return [
        Tally(file, made[file], tried[file], noticed[file], equal[file]) for file in sorted(made)
    ]


def unnoticed_equals(
    mutants: Iterable[Mutant], answers: Mapping[str, str], known: Iterable[Equal]
) -> list[Mutant]:
    """Return those that no test noticed because there is nothing to notice."""
    places = {(each.file, each.function, each.added) for each in known}
    return [each for each in _left(mutants, answers) if _place(each) in places]


def unnoticed(
    mutants: Iterable[Mutant], answers: Mapping[str, str], known: Iterable[Equal]
) -> list[tuple[Mutant, str]]:
    """Return what a test should have noticed, each with what became of it."""
    same = set(unnoticed_equals(mutants, answers, known))
    return [(each, answers[each.name]) for each in _left(mutants, answers) if each not in same]


def outdated(
    mutants: Iterable[Mutant], known: Iterable[Equal], files: Iterable[str]
) -> list[Equal]:
    """Return what the list says of these files though no change is like it any more."""
    there, of = {_place(each) for each in mutants}, set(files)
    return [
        each
        for each in known
        if each.file in of and (each.file, each.function, each.added) not in there
    ]


def with_folders(tallies: Sequence[Tally]) -> list[Tally]:
    """Return the files' tallies, and behind them one for each of the two folders."""
    folders = sorted({"/".join(each.name.split("/")[:2]) for each in tallies})
    return [*tallies, *(_total(folder, tallies) for folder in folders)]


def _total(folder: str, tallies: Iterable[Tally]) -> Tally:
    own = [each for each in tallies if each.name.startswith(f"{folder}/")]
    return Tally(
        folder,
        sum(each.mutants for each in own),
        sum(each.tried for each in own),
        sum(each.noticed for each in own),
        sum(each.equal for each in own),
    )


def _left(mutants: Iterable[Mutant], answers: Mapping[str, str]) -> list[Mutant]:
    return [each for each in mutants if answers.get(each.name, "killed") not in NOTICED]


def _place(mutant: Mutant) -> tuple[str, str, str]:
    return (mutant.file, mutant.function, mutant.added)
