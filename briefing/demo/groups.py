"""Process groups that a copy started: noted in a file, recognised again, killed.

A number alone does not say whose a process is: numbers are used again. A group is ours when its
leader began at the noted moment, or, its leader gone, when a member carries this copy's mark in its
environment. Where there is no /proc nothing is killed by number; the next run is safe all the same,
as it takes ports that are free, a new password for the broker and a new id for the web server.
"""

import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MARK = "INSTANCE_ID"
_FILE = "processes.json"
_PROC = Path("/proc")
_DEAD = {"Z", "X"}
_GRACE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _Process:
    """What /proc says about a process. `began` is in clock ticks since the machine started."""

    pid: int
    state: str
    group: int
    began: int


def note(folder: Path, leaders: Mapping[str, int]) -> None:
    """Write down which groups are ours now, in one step: a torn file would lose them."""
    noted = {
        "boot": _boot(),
        "mark": os.environ.get(MARK, ""),
        "groups": {
            name: {"group": pid, "began": process.began}
            for name, pid in leaders.items()
            if (process := _read(pid))
        },
    }
    draft = folder / f"{_FILE}.tmp"
    draft.write_text(json.dumps(noted), "utf-8")
    draft.replace(folder / _FILE)


def clear(folder: Path) -> list[str]:
    """End what an earlier run left behind; return the names of what was still there."""
    try:
        noted = json.loads((folder / _FILE).read_text("utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return []
    # After a restart of the machine every number means something else.
    if noted["boot"] != _boot():
        return []
    left = {
        name: each["group"]
        for name, each in noted["groups"].items()
        if _is_ours(each["group"], began=each["began"], mark=noted["mark"])
    }
    for group in left.values():
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGTERM)
    deadline = time.monotonic() + _GRACE_SECONDS
    while any(_members(group) for group in left.values()) and time.monotonic() < deadline:
        time.sleep(0.05)  # nobody tells when others' children end
    for group in left.values():
        kill(group)
    return list(left)


def kill(group: int) -> None:
    """Kill what is left of a group of ours, and wait until nothing of it can answer any more."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    deadline = time.monotonic() + _GRACE_SECONDS
    while _members(group) and time.monotonic() < deadline:
        time.sleep(0.01)  # as above


def _is_ours(group: int, *, began: int, mark: str) -> bool:
    leader = _read(group)
    if leader and leader.state not in _DEAD:
        return leader.began == began
    return any(_carries(member.pid, mark) for member in _members(group))


def _members(group: int) -> list[_Process]:
    """Return the living members of a group. A zombie still answers signals, but does nothing."""
    return [each for each in _all() if each.group == group and each.state not in _DEAD]


def _all() -> Iterator[_Process]:
    if _PROC.is_dir():
        for entry in _PROC.iterdir():
            if entry.name.isdigit() and (process := _read(int(entry.name))):
                yield process


def _read(pid: int) -> _Process | None:
    """Read one process. Source: proc_pid_stat(5); the name in brackets may hold anything."""
    try:
        text = (_PROC / str(pid) / "stat").read_text("utf-8", "replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return _Process(pid=pid, state=fields[0], group=int(fields[2]), began=int(fields[19]))


def _carries(pid: int, mark: str) -> bool:
    """Whether a process was started with this copy's mark."""
    try:
        environment = (_PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return False
    return bool(mark) and f"{MARK}={mark}".encode() in environment.split(b"\0")


def _boot() -> str:
    """Return what tells one start of the machine from the next."""
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
