"""`python -m tests.mutants [FILE ...]` changes the code in small ways and says what no test noticed.

Ends with 0 when enough is noticed, 1 when too little is or the list of equals has grown old, 2 when
there is no such file. `make mutants` is its short name; everything takes more than an hour.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.mutants import judging, making, table
from tests.mutants.judging import Equal
from tests.mutants.mutant import Mutant

_ROOT = Path(__file__).resolve().parents[2]
_DOCUMENT = _ROOT / "docs" / "mutants.md"
_FOLDERS = ("briefing/dispatch", "briefing/transports")
# Tests that come through a file, besides those that stand at its path.
_TESTS = (
    "tests/briefing/dispatch",
    "tests/briefing/transports",
    "tests/briefing/issues/test_clicks.py",
    "tests/briefing/issues/test_topics.py",
    "tests/briefing/reconciling/test_unknown.py",
    "tests/briefing/tracking/test_folding.py",
    "tests/briefing/test_tasks.py",
    "tests/subscribers/test_restoring.py",
)
# Real servers and processes, and sequences by chance: seconds each, and nothing that others miss.
_SLOW = (
    "tests/briefing/dispatch/test_two_workers.py",
    "tests/briefing/dispatch/test_any_order.py",
    "tests/briefing/dispatch/test_deliberate_defects.py",
    "tests/briefing/transports/smtp/test_postfix.py",
)
# What a file says that does one thing on SQLite and another on PostgreSQL.
_SPEAKS_BOTH = ("postgresql", "SKIPS_LOCKED")


def main(arguments: Sequence[str]) -> int:
    """Try what was asked for, print the table, and keep it if that was asked for."""
    asked = _parser().parse_args(arguments)
    files = making.files_of(_ROOT, asked.files or _FOLDERS)
    if absent := [file for file in files if not (_ROOT / file).is_file()]:
        sys.stderr.write(f"There is no {absent[0]}.\n")
        return 2
    equals = judging.equals(_ROOT / "tests" / "mutants" / "equals.toml")
    with ExitStack() as stack:
        prefix = "briefing-mutants-"
        folder = asked.folder or stack.enter_context(tempfile.TemporaryDirectory(prefix=prefix))
        run = Run(Path(folder).resolve(), asked.side_by_side, asked.tests or _TESTS)
        mutants = making.make(_ROOT, run.copy, files)
        chosen = judging.spread(mutants[:: asked.every], of_each=asked.of_each)
        answers = run.answers(chosen, equals)
    tallies = judging.tally(mutants, answers, equals)
    left = judging.unnoticed(mutants, answers, equals)
    table.show(tallies, left)
    if asked.write:
        table.write_document(tallies, _DOCUMENT, on=datetime.now(UTC).date())
    old = [] if asked.every > 1 else judging.outdated(mutants, equals, files)
    for equal in old:
        sys.stderr.write(f"equals.toml: nothing in {equal.file} becomes `{equal.added}` any more\n")
    return 0 if not old and all(tally.held for tally in judging.with_folders(tallies)) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("files", nargs="*", help="files or folders (default: the whole engine)")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth change")
    parser.add_argument(
        "--of-each", type=int, metavar="N", help="of each file no more than N, spread over it"
    )
    parser.add_argument(
        "--side-by-side", type=int, default=2, help="processes side by side (default: 2)"
    )
    parser.add_argument("--tests", nargs="+", help="tests to try with, instead of all there are")
    parser.add_argument("--folder", help="work there, and go on there when interrupted")
    parser.add_argument("--write", action="store_true", help="keep the table in docs/mutants.md")
    return parser


@dataclass(frozen=True, slots=True)
class Run:
    """A folder with a copy of the project, and what its processes write."""

    folder: Path
    processes: int
    tests: Sequence[str]

    @property
    def copy(self) -> Path:
        """Where the mutants stand."""
        return self.folder / "project"

    def answers(self, mutants: Sequence[Mutant], equals: Sequence[Equal]) -> dict[str, str]:
        """Try each on SQLite, and on PostgreSQL what has words of its own there."""
        answers = self._tried([each.name for each in mutants], "sqlite")
        left = [
            each.name
            for each, _answer in judging.unnoticed(mutants, answers, equals)
            if _speaks_both(each.file)
        ]
        return answers | (self._tried(left, "postgresql") if left else {})

    def _tried(self, names: Sequence[str], database: str) -> dict[str, str]:
        """Learn first, in one process, which test comes through what; then try in several."""
        self._finish([self._start([], database, 0)])
        self._finish(
            [
                self._start(names[nth :: self.processes], database, nth)
                for nth in range(self.processes)
            ]
        )
        answers: dict[str, str] = {}
        for path in self.folder.glob(f"{database}-*.jsonl"):
            lines = path.read_text("utf-8").splitlines()
            answers |= dict(json.loads(line) for line in lines)
        return {name: answers[name] for name in names}

    def _start(self, names: Sequence[str], database: str, nth: int) -> "subprocess.Popen[bytes]":
        order = self.folder / f"{database}-{nth}.order"
        about = {
            "mutants": list(names),
            "wholly": [making.module_of(file) for file in judging.WHOLLY],
            "known": str(self.folder / f"{database}.known"),
            "database": str(self.folder / "ready.sqlite3"),
            "results": str(order.with_suffix(".jsonl")),
        }
        order.write_text(json.dumps(about), "utf-8")
        command = [
            *(sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider"),
            *("-p", "tests.mutants.trying", "--mutants-order", str(order)),
            # Why a test fails is of no interest here, and telling takes as long as the test.
            *("--tb=no", "--assert=plain", "-m", "not browser and not screen"),
            *("--database", database, *_without(_SLOW), *self.tests),
        ]
        with order.with_suffix(".log").open("wb") as log:
            return subprocess.Popen(command, cwd=self.copy, stdout=log, stderr=log)

    def _finish(self, started: "Iterable[subprocess.Popen[bytes]]") -> None:
        # All of them are waited for, whatever the first says.
        codes = [process.wait() for process in started]
        if any(codes):
            for log in sorted(self.folder.glob("*.log")):
                sys.stderr.write(log.read_text("utf-8", "replace")[-2000:])
            raise SystemExit("The tests could not be run; what they said last stands above.")


def _speaks_both(file: str) -> bool:
    text = (_ROOT / file).read_text("utf-8")
    return any(word in text for word in _SPEAKS_BOTH)


def _without(tests: Iterable[str]) -> list[str]:
    return [f"--ignore={test}" for test in tests]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
