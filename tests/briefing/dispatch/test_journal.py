"""What a worker notes is read back by whoever looks for it: its groups, its calls, its readers."""

from pathlib import Path

import pytest
from pytest_django import Settings

from briefing.dispatch import journal, notes
from briefing.dispatch.journal import ANSWERED, SPLICING, STARTED, WAITING, Journal
from briefing.dispatch.notes import GroupNote
from briefing.dispatch.outcome import REJECTED
from briefing.transports.base import CallName, Copy

_CALLS = [
    CallName("0b8f8a1e-4e0b-4c3e-9a55-0d8c2c1b7f10", "1" * 32, 86400.0, 12.5),
    CallName("7d0f5a52-3d8b-4f8f-8a0f-6c1c7a6a1e11", "2" * 32, 1800.0, 13.5),
]


@pytest.fixture(autouse=True)
def _folder(settings: Settings, tmp_path: Path) -> None:
    """Begin with a copy that has no folder of its own yet."""
    settings.LOCAL_DIR = tmp_path / "not" / "there"


def copy(mark: int, *, call: CallName | None = None, outcome: int | None = None) -> Copy:
    return Copy(0, 0, 0, "", b"", mark=mark, call=call, outcome=outcome)


def test_each_group_of_a_batch_is_found_with_the_state_of_each_copy_and_its_own_call() -> None:
    noted = Journal()
    noted.hold(batch_id=7, fence=3)
    first = noted.begin(batch_id=7, fence=3, first=0, count=3)
    second = noted.begin(batch_id=7, fence=3, first=3, count=2)
    noted.started(copy(noted.mark(first, 0), call=_CALLS[0]))
    noted.answered(copy(noted.mark(first, 0), outcome=REJECTED))
    noted.started(copy(noted.mark(first, 1)))
    noted.answered(copy(noted.mark(first, 1)))
    noted.splicing(second, 1)
    noted.started(copy(noted.mark(second, 0), call=_CALLS[1]))

    noted.leave()

    found = notes.groups_of(batch_id=7, fence=3)
    assert found is not None
    assert sorted(found, key=lambda each: each.first) == [
        GroupNote(7, 3, 0, bytes([ANSWERED + REJECTED, STARTED, WAITING]), call=_CALLS[0]),
        GroupNote(7, 3, 3, bytes([STARTED, SPLICING]), call=_CALLS[1]),
    ]
    assert [each.on_the_wire for each in found] in ([[1], [3]], [[3], [1]])


def test_a_batch_of_which_nothing_was_in_flight_is_told_from_one_nobody_here_had() -> None:
    noted = Journal()
    noted.hold(batch_id=7, fence=3)
    noted.end(noted.begin(batch_id=8, fence=4, first=0, count=3))
    noted.leave()

    assert notes.groups_of(batch_id=7, fence=3) == []
    assert notes.groups_of(batch_id=7, fence=2) is None
    assert notes.groups_of(batch_id=8, fence=4) is None


def test_deferred_readers_are_found_by_their_numbers_once_their_worker_is_gone() -> None:
    living, noted = Journal(), Journal()
    for readers in ([11, 12], [21]):
        slot = noted.begin_retry(dispatch_id=5, fence=9, readers=readers)
        noted.started(copy(noted.mark(slot, 0)))
    assert list(notes.abandoned()) == []

    noted.leave()

    [found] = notes.abandoned()
    assert found.path == noted.path
    assert sorted(found.groups, key=lambda each: each.readers) == [
        GroupNote(0, 9, 0, bytes([STARTED, WAITING]), dispatch_id=5, readers=(11, 12)),
        GroupNote(0, 9, 0, bytes([STARTED]), dispatch_id=5, readers=(21,)),
    ]
    living.close()


def test_a_slot_that_is_used_again_tells_nothing_of_the_group_before() -> None:
    noted = Journal()
    slot = noted.begin(batch_id=7, fence=3, first=0, count=2)
    noted.started(copy(noted.mark(slot, 1), call=_CALLS[0]))
    noted.end(slot)

    assert noted.begin(batch_id=7, fence=3, first=2, count=2) == slot
    noted.leave()

    assert notes.groups_of(batch_id=7, fence=3) == [GroupNote(7, 3, 2, bytes(2))]


def test_what_is_no_journal_of_ours_is_passed_over_and_cleared_with_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noted = Journal()
    noted.begin(batch_id=7, fence=3, first=0, count=1)
    noted.leave()
    now = noted.path.stat().st_mtime
    cut = noted.path.with_name("cut.journal")
    cut.write_bytes(noted.path.read_bytes()[:100])
    foreign = noted.path.with_name("foreign.journal")
    foreign.write_bytes(b"ANOTHERS" + noted.path.read_bytes()[8:])
    assert [each.path for each in notes.abandoned()] == [noted.path]

    living = Journal()
    monkeypatch.setattr(journal, "boot_id", lambda: b"")
    assert list(notes.abandoned()) == []

    assert notes.clear_abandoned(older_than_seconds=60, now=now + 59) == 0
    assert notes.clear_abandoned(older_than_seconds=60, now=now + 3600) == 3
    assert list(journal.folder().iterdir()) == [living.path]
    living.close()


def test_a_journal_that_another_worker_clears_in_the_same_moment_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noted = Journal()
    noted.begin(batch_id=7, fence=3, first=0, count=1)
    noted.leave()

    def look(path: Path) -> bool:
        path.unlink()
        return True

    monkeypatch.setattr(notes, "_is_abandoned", look)
    assert notes.clear_abandoned(older_than_seconds=0, now=noted.path.stat().st_mtime + 60) == 0
