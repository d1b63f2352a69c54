"""Each run has ports and secrets of its own, and one folder has one run at a time."""

import os
import stat
from pathlib import Path

import pytest

from briefing.demo import instance, ports


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


def test_the_next_run_keeps_its_ports_and_changes_its_secrets(tmp_path: Path) -> None:
    first = instance.make(tmp_path, web_port=ports.choose([]))
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
