"""No process of a copy outlives it, however it ended, and nobody else's process is touched."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from briefing.demo import groups
from briefing.demo.processes import ProcessDiedError, Processes, Service

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

_ROOT = Path(__file__).parents[3]
# A leader with a child of its own, as a web server or a Celery worker has; both say who they are.
_WITH_CHILD = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(os.getpid(), child.pid, flush=True)
time.sleep(60)
"""
_NOTES_ITS_END = """
import signal, sys, time
def end(*_):
    time.sleep({seconds})
    open({file!r}, "a").write("{name} ")
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
time.sleep(60)
"""
# What `up` does, in short, until it is killed.
_SUPERVISOR = """
import os, sys, time
from pathlib import Path
from briefing.demo.processes import Processes, Service
processes = Processes(Path.cwd(), Path(sys.argv[1]), os.environ, print)
processes.start(Service("leader", [sys.executable, "-c", sys.argv[2]]))
time.sleep(60)
"""


def _service(code: str, name: str = "leader", stage: int = 0) -> Service:
    return Service(name, [sys.executable, "-c", code], stage)


def _eventually(condition: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)  # other processes work


def _alive(pid: int) -> bool:
    """Whether a process runs; a zombie, which still answers signals, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _pids(folder: Path) -> list[int]:
    """Wait until leader and child have said who they are, and the leader is noted."""
    log, note = folder / "logs" / "leader.log", folder / "processes.json"
    _says_something(log)
    _eventually(lambda: note.exists() and "leader" in note.read_text("utf-8"))
    return [int(pid) for pid in log.read_text("utf-8").split()]


def _says_something(log: Path) -> None:
    _eventually(lambda: log.exists() and log.read_text("utf-8").endswith("\n"))


@pytest.fixture(autouse=True)
def _mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(groups.MARK, os.urandom(4).hex())


@pytest.fixture
def restarted() -> list[str]:
    return []


@pytest.fixture
def processes(tmp_path: Path, restarted: list[str]) -> Iterator[Processes]:
    running = Processes(_ROOT, tmp_path, dict(os.environ), restarted.append)
    yield running
    running.hurry = True
    running.stop()


def test_the_end_reaches_the_children_of_children(processes: Processes) -> None:
    processes.start(_service(_WITH_CHILD))
    pids = _pids(processes.folder)
    processes.stop()
    assert [_alive(pid) for pid in pids] == [False, False]


def test_what_does_not_want_to_end_is_killed_when_it_is_to_be_quick(processes: Processes) -> None:
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + _WITH_CHILD
    processes.start(_service(stubborn))
    pids = _pids(processes.folder)
    processes.hurry = True
    processes.stop()
    assert not any(_alive(pid) for pid in pids)


def test_later_stages_end_after_earlier_ones(processes: Processes, tmp_path: Path) -> None:
    order = tmp_path / "order"
    for name, stage, seconds in (("leader", 1, 0.0), ("worker", 0, 0.3)):
        code = _NOTES_ITS_END.format(file=str(order), name=name, seconds=seconds)
        processes.start(_service(code, name, stage))
        log = tmp_path / "logs" / f"{name}.log"
        _says_something(log)
    processes.stop()
    assert order.read_text("utf-8").split() == ["worker", "leader"]


def test_children_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _SUPERVISOR, str(tmp_path), _WITH_CHILD]
    with subprocess.Popen(command, cwd=_ROOT) as supervisor:
        leader, child = _pids(tmp_path)
        supervisor.kill()
    _eventually(lambda: not _alive(leader))
    # Nobody told the grandchild: that is what the next start is for.
    assert _alive(child)
    assert groups.clear(tmp_path) == ["leader"]
    assert not _alive(child)


def test_what_ignores_its_supervisors_end_is_killed_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "_GRACE_SECONDS", 0.5)
    ignoring = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + _WITH_CHILD
    command = [sys.executable, "-c", _SUPERVISOR, str(tmp_path), ignoring]
    with subprocess.Popen(command, cwd=_ROOT) as supervisor:
        pids = _pids(tmp_path)
        supervisor.kill()
    assert [_alive(pid) for pid in pids] == [True, True]
    assert groups.clear(tmp_path) == ["leader"]
    assert [_alive(pid) for pid in pids] == [False, False]
    assert groups.clear(tmp_path) == []


@pytest.mark.parametrize("change", ["began", "boot"])
def test_a_process_that_has_only_the_number_of_one_of_ours_is_left_alone(
    processes: Processes, tmp_path: Path, change: str
) -> None:
    processes.start(_service(_WITH_CHILD))
    pids = _pids(tmp_path)
    file = tmp_path / "processes.json"
    noted = json.loads(file.read_text("utf-8"))
    if change == "boot":
        noted["boot"] = "another start of the machine"
    else:
        noted["groups"]["leader"]["began"] -= 1
    file.write_text(json.dumps(noted), "utf-8")
    assert groups.clear(tmp_path) == []
    assert [_alive(pid) for pid in pids] == [True, True]


def test_a_group_without_leader_is_ours_only_by_its_mark(
    processes: Processes, tmp_path: Path
) -> None:
    processes.start(_service(_WITH_CHILD))
    leader, child = _pids(tmp_path)
    os.kill(leader, signal.SIGKILL)
    file = tmp_path / "processes.json"
    noted = file.read_text("utf-8")
    _eventually(lambda: not _alive(leader))
    file.write_text(noted.replace(os.environ[groups.MARK], "somebody else's"), "utf-8")
    assert groups.clear(tmp_path) == []
    assert _alive(child)


@pytest.mark.parametrize("text", ["", "{", None])
def test_a_torn_or_missing_note_stops_no_start(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "processes.json").write_text(text, "utf-8")
    assert groups.clear(tmp_path) == []


def test_what_dies_later_is_started_again_without_its_orphans(
    processes: Processes, restarted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("briefing.demo.processes._RAN_SECONDS", 0.0)
    processes.start(_service(_WITH_CHILD))
    leader, child = _pids(processes.folder)
    os.kill(leader, signal.SIGKILL)
    _eventually(lambda: not _alive(leader))
    processes.check()
    assert restarted == ["leader"]
    assert not _alive(child)


def test_what_cannot_start_is_an_error_that_names_its_log(processes: Processes) -> None:
    processes.start(_service("raise SystemExit('no such port')"))
    with pytest.raises(ProcessDiedError) as died:
        _eventually(processes.check)
    assert died.value.name == "leader"
    assert died.value.code == 1
    assert died.value.log.read_text("utf-8") == "no such port\n"


def test_a_step_that_ends_badly_is_an_error_and_one_that_ends_well_is_not(
    processes: Processes,
) -> None:
    processes.start(_service("print('done')", "good"))
    processes.finish("good")
    processes.start(_service("raise SystemExit(3)", "bad"))
    with pytest.raises(ProcessDiedError):
        processes.finish("bad")


def test_the_log_of_the_run_before_is_kept_beside_the_new_one(processes: Processes) -> None:
    for word in ("first", "second"):
        processes.start(_service(f"print('{word}')"))
        processes.finish("leader")
    logs = processes.folder / "logs"
    assert (logs / "leader.log.1").read_text("utf-8") == "first\n"
    assert (logs / "leader.log").read_text("utf-8") == "second\n"
