"""Each run has ports and secrets of its own, and one folder has one run at a time."""

import os
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from briefing.demo import instance, ports


@pytest.fixture(autouse=True)
def end_of_run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Return what gives back reserved ports, as the end of a process does."""
    marks: list[socket.socket] = []
    monkeypatch.setattr(ports, "_reserved", marks)

    def end() -> None:
        while marks:
            marks.pop().close()

    yield end
    end()


def test_a_second_run_in_the_same_folder_is_told_of_the_first(tmp_path: Path) -> None:
    first = instance.lock(tmp_path)
    made = instance.make(tmp_path, web_port=None)
    with pytest.raises(instance.AlreadyRunningError) as refused:
        instance.lock(tmp_path)
    assert refused.value.pid == str(os.getpid())
    assert refused.value.url == made.url
    os.close(first)
    os.close(instance.lock(tmp_path))


def test_mail_of_a_run_can_only_go_to_its_own_sink(tmp_path: Path) -> None:
    made = instance.make(tmp_path, web_port=None)
    for name in ("EMAIL_URL", "BULK_EMAIL_URL", "TRANSACTIONAL_EMAIL_URL"):
        assert made.environment()[name] == f"smtp://127.0.0.1:{made.sink_port}"


def test_other_commands_learn_the_run_from_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    made = instance.make(tmp_path, web_port=None)
    file = tmp_path / "instance.env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = dict(line.split("=", 1) for line in file.read_text("utf-8").splitlines())
    assert written == made.environment()
    assert instance.current(written) == made


def test_the_next_run_keeps_its_ports_and_changes_its_secrets(
    tmp_path: Path, end_of_run: Callable[[], None]
) -> None:
    first = instance.make(tmp_path, web_port=None)
    end_of_run()
    second = instance.make(tmp_path, web_port=None)
    assert (second.web_port, second.sink_port) == (first.web_port, first.sink_port)
    assert second.mark != first.mark
    assert second.broker_password != first.broker_password
    assert len({second.web_port, second.sink_port, second.broker_port}) == 3


def test_a_port_that_was_asked_for_and_is_taken_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "is_free", lambda port: port != 8099)
    with pytest.raises(instance.PortTakenError, match="8099"):
        instance.make(tmp_path, web_port=8099)


def test_two_copies_started_at_the_same_moment_have_no_port_in_common(tmp_path: Path) -> None:
    runs = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        runs.append(instance.make(tmp_path / name, web_port=None))
    used = [port for run in runs for port in (run.web_port, run.sink_port, run.broker_port)]
    assert len(set(used)) == 6
