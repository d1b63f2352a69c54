"""`manage.py up` as somebody runs it: real processes, real mail, a crash in between."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from briefing.demo import instance, mailbox, ports

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")

_ROOT = Path(__file__).parents[3]
_READERS = 5
_PATIENCE_SECONDS = 240


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """As a shell of somebody who never set anything up: none of the test run's own settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "LOCAL_DIR": str(tmp_path / "local"), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def supervisor(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run `up` until the test ends it."""
    with subprocess.Popen(
        _command(), cwd=_ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.terminate()


def _command() -> list[str]:
    return [sys.executable, "manage.py", "up", "--readers", str(_READERS)]


def _once(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*_command(), "--once"],
        cwd=_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_PATIENCE_SECONDS,
        check=False,
    )


def _told(process: subprocess.Popen[str]) -> str:
    """Read what `up` says until all is done."""
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if "Ctrl-C" in line:
            return said
    raise AssertionError(f"up ended by itself: {said}")


def _processes_of(folder: str) -> list[int]:
    """Return every living process that was started for a copy's folder."""
    mark = f"LOCAL_DIR={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        try:
            state = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0]
            if state != "Z" and mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except (OSError, IndexError):
            continue
    return found


def _subjects(folder: str) -> list[str]:
    with mailbox.reading(Path(folder) / "mail.sqlite3") as box:
        return sorted(listed.subject for listed in box.since(0))


def test_a_copy_comes_up_survives_a_kill_and_sends_issue_1_only_once(
    supervisor: subprocess.Popen[str], environment: dict[str, str]
) -> None:
    folder = environment["LOCAL_DIR"]
    said = _told(supervisor)
    assert f"{_READERS} readers signed up and confirmed" in said
    assert f"issue 1 went to {_READERS} readers" in said
    password = re.search(r"login owner, password (\S+)", said)
    assert password

    site = re.search(r"Site +(http://localhost:\d+)/", said)
    assert site
    opener = build_opener(ProxyHandler({}))
    with closing(opener.open(f"{site[1]}/healthz")) as answer:
        assert json.load(answer)["instance"] in (Path(folder) / "instance.env").read_text("utf-8")
    with closing(opener.open(f"{site[1]}/readyz")) as answer:
        heard = json.load(answer)
    assert heard["transactional"], "a real worker says which queue it listens to"
    assert heard["dispatch"]
    with closing(opener.open(f"{site[1]}/inbox/")) as answer:
        assert answer.status == 200

    second = _once(environment)
    assert second.returncode == 1
    assert f"running already: {site[1]} (process {supervisor.pid})" in second.stderr

    supervisor.kill()
    supervisor.wait()
    third = _once(environment)
    assert third.returncode == 0, third.stderr
    assert password[0] in third.stdout
    assert f"{_READERS} copies and {2 * _READERS} other mails have arrived" in third.stdout
    subjects = _subjects(folder)
    assert len(subjects) == 3 * _READERS
    assert len(set(subjects)) <= 5, "the issue, and confirmation and welcome in two languages"
    _assert_nothing_runs(folder)


def _assert_nothing_runs(folder: str) -> None:
    text = (Path(folder) / "instance.env").read_text("utf-8")
    run = instance.current(dict(line.split("=", 1) for line in text.splitlines()))
    assert all(ports.is_free(port) for port in (run.web_port, run.sink_port, run.broker_port))
    deadline = time.monotonic() + 10
    while left := _processes_of(folder):
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.1)


def test_up_refuses_to_be_anything_but_a_demo(tmp_path: Path) -> None:
    with (
        override_settings(LOCAL_DIR=tmp_path),
        pytest.raises(CommandError, match="up is for demo copies, and this is MODE=test"),
    ):
        call_command("up")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("argument", ["--readers=0", "--readers=many", "--port=x", "--port=65536"])
def test_a_number_that_makes_no_sense_is_not_understood(argument: str) -> None:
    with pytest.raises(CommandError, match="a whole number from 1 to"):
        call_command("up", argument)
