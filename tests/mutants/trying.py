"""A pytest plugin: tries each mutant in a process of its own, which has everything ready.

Starting pytest and a database anew for each of eight thousand mutants would take days. So one
process collects the tests and makes the database; for each mutant it forks a child, which runs the
tests that come through the changed function until one fails: first those that noticed other changes
of the module, then those that stand at its path, then the quickest.
"""

import gc
import json
import math
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.db import connections
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.utils.format_utils import mangled_name_from_mutant_name

from tests.environment import LOCAL_DIR
from tests.mutants.pristine import Pristine

# The tests of one mutant together, as learnt: what no quick test notices counts as unnoticed.
_BUDGET_SECONDS = 3.0
_WHOLLY_SECONDS = 60.0
# A change that makes a loop endless is stopped by its processor's time, so many times what a test took
# when it was learnt and so much more; one that waits is stopped by the clock.
_CPU_TIMES, _CPU_SECONDS = 3, 4
_WALL_SECONDS = 120.0
# An exit code has room for no more; it also tells of whatever else ended a child.
_UNKNOWN_TEST = 255

# Function -> test -> seconds: which test comes through what, and how long it takes.
Known = dict[str, dict[str, float]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the order of `tests.mutants`: a file that says what to try, and where to write to."""
    parser.addoption("--mutants-order", default="", help="used by `python -m tests.mutants`")


def pytest_configure(config: pytest.Config) -> None:
    """Take the place of pytest's own loop."""
    if order := config.getoption("--mutants-order"):
        config.pluginmanager.register(_Loop(**json.loads(Path(order).read_text("utf-8"))))


# Compared by identity: pytest keeps its plugins in sets.
@dataclass(eq=False)
class _Loop:
    """Tries `mutants` and writes a line for each to `results`; goes on where it was interrupted.

    Those of the modules in `wholly` are tried with nearly every test there is.

    The first process to run writes two files for all: `known`, which test comes through which
    function, and `database`, SQLite's when it is ready.
    """

    mutants: list[str]
    wholly: list[str]
    known: str
    database: str
    results: str
    failed: bool = False
    # Module -> the tests that noticed a change of it, the last one first: the next one is often
    # noticed by the same.
    noticing: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    items: list[pytest.Item] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed = self.failed or report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.items = session.items
        pristine = self._get_ready()
        if not Path(self.known).exists() and _in_a_child(self._learn):
            pytest.exit("the tests fail as they are", returncode=1)
        pristine.restore()
        known = json.loads(Path(self.known).read_text("utf-8"))
        gc.collect()
        gc.freeze()
        with Path(self.results).open("a+", encoding="utf-8") as results:
            results.seek(0)
            tried = {json.loads(line)[0] for line in results}
            for name in [each for each in self.mutants if each not in tried]:
                tests = self._tests_for(name, known)
                answer = self._try(name, tests, pristine) if tests else "no tests"
                results.write(json.dumps([name, answer]) + "\n")
                results.flush()
        pristine.remove()
        return True

    def _get_ready(self) -> Pristine:
        """Run one test that needs the database, so that what lasts a whole session is there."""
        ready, database = Path(self.database), LOCAL_DIR / "test.sqlite3"
        if ready.exists():
            shutil.copy(ready, database)
        with_sql = (item for item in self.items if item.get_closest_marker("sql"))
        first = next(with_sql, self.items[0])
        self._run([first], last=self.items[-1])
        if self.failed:
            pytest.exit(f"{first.nodeid} fails as it is", returncode=1)
        connections.close_all()
        if database.exists() and not ready.exists():
            shutil.copy(database, ready)
        return Pristine()

    def _learn(self) -> int:
        """Run every test and note how long it takes and which functions it comes through."""
        through: dict[str, dict[str, float]] = defaultdict(dict)
        set_mutant_under_test("stats")
        for index, item in enumerate(self.items):
            state()._stats.clear()  # noqa: SLF001  where mutmut's switches note what passes them
            began = time.process_time()
            self._run([item], last=(*self.items, None)[index + 1])
            if self.failed:
                os.write(2, f"fails as it is: {item.nodeid}\n".encode())
                return 1
            for function in state()._stats:  # noqa: SLF001  the same
                through[function][item.nodeid] = time.process_time() - began
        Path(self.known).write_text(json.dumps(through), "utf-8")
        return 0

    def _tests_for(self, mutant: str, known: Known) -> list[tuple[pytest.Item, float]]:
        """Return the tests that come through a mutant's function, with the seconds of each."""
        seconds = known.get(mangled_name_from_mutant_name(mutant), {})
        items = [item for item in self.items if item.nodeid in seconds]
        module = mutant.rpartition(".")[0]
        places = {nodeid: place for place, nodeid in enumerate(self.noticing[module])}
        own = f"test_{module.rpartition('.')[2]}.py"

        def order(item: pytest.Item) -> tuple[float, bool, float]:
            return (
                places.get(item.nodeid, math.inf),
                item.path.name != own,
                seconds[item.nodeid],
            )

        items.sort(key=order)
        is_wholly = module in self.wholly
        left = _WHOLLY_SECONDS if is_wholly else _BUDGET_SECONDS
        chosen: list[tuple[pytest.Item, float]] = []
        for item in items:
            left -= seconds[item.nodeid]
            if chosen and left < 0:
                break
            chosen.append((item, seconds[item.nodeid]))
        return chosen

    def _try(
        self, mutant: str, chosen: Sequence[tuple[pytest.Item, float]], pristine: Pristine
    ) -> str:
        tests = [item for item, _seconds in chosen]
        limits = {item: _CPU_SECONDS + _CPU_TIMES * seconds for item, seconds in chosen}

        def attempt() -> int:
            signal.setitimer(signal.ITIMER_REAL, _WALL_SECONDS)
            set_mutant_under_test(mutant)
            return self._run(tests, last=None, limits=limits)

        code = _in_a_child(attempt)
        pristine.restore()
        if code in (-signal.SIGXCPU, -signal.SIGALRM):
            return "timeout"
        if 0 < code <= len(tests):
            nodeid, module = tests[code - 1].nodeid, mutant.rpartition(".")[0]
            others = [each for each in self.noticing[module] if each != nodeid]
            self.noticing[module] = [nodeid, *others]
        return "killed" if code else "survived"

    def _run(
        self,
        items: Sequence[pytest.Item],
        *,
        last: pytest.Item | None,
        limits: Mapping[pytest.Item, float] | None = None,
    ) -> int:
        """Run tests until one fails; return which one, from 1 on, or 0.

        What `last` needs as well is left standing. `limits` are seconds of the processor.
        """
        for index, item in enumerate(items):
            if limits:
                limit = math.ceil(time.process_time() + limits[item])
                resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
            following = items[index + 1] if index + 1 < len(items) else last
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                # What the next test would have shared with this one goes too.
                item.session._setupstate.teardown_exact(None)  # noqa: SLF001  pytest has no other way
                return min(index + 1, _UNKNOWN_TEST)
        return 0


def _in_a_child(work: Callable[[], int]) -> int:
    """Do the work in a forked child; return its exit code, or the signal that ended it, negative."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = _UNKNOWN_TEST
    try:
        code = work()
    except BaseException:  # noqa: BLE001  whatever it was, it must not reach what the parent needs
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)
