"""The mark beside the database: what two workers know together, and nothing lowers."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from briefing.dispatch import highwater
from briefing.dispatch.highwater import Mark

NOW = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _folder(settings: Settings, tmp_path: Path) -> None:
    settings.LOCAL_DIR = tmp_path


def test_the_highest_fence_and_the_latest_sign_of_life_stand_whoever_came_last() -> None:
    assert highwater.read() == Mark(0, None)

    highwater.raise_to(7, NOW)
    assert highwater.read() == Mark(7, NOW)
    highwater.raise_to(6, NOW + HOUR)
    assert highwater.read() == Mark(7, NOW + HOUR)
    highwater.raise_to(8, NOW)
    assert highwater.read() == Mark(8, NOW + HOUR)


def test_a_file_that_is_no_mark_counts_as_none_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    highwater.raise_to(7, NOW)
    file = tmp_path / "fence.mark"
    assert file.stat().st_mode & 0o777 == 0o600

    file.write_bytes(file.read_bytes()[:9])

    assert highwater.read() == Mark(0, None)
    highwater.raise_to(3, NOW)
    assert highwater.read() == Mark(3, NOW)
