"""A whole copy as somebody runs it: `manage.py up`, readers and editors, a crash, `up` again.

In this order, and in one file: one copy serves them all, and the crash ends it.
"""

import json
import re
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest
from playwright.sync_api import expect

from briefing.demo import instance, mailbox, ports
from briefing.dispatch import judging
from tests.chromium import Visit
from tests.journeys import editor, reader
from tests.journeys.copy import READERS, Copy

_SUBJECTS = ("Robots that ask", "A robot raises its hand")
needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


def test_a_copy_comes_up_and_tells_where_everything_is(copy: Copy) -> None:
    assert f"{READERS} readers signed up and confirmed" in copy.told
    assert f"issue 1 went to {READERS} readers" in copy.told
    assert _password(copy.told)
    health = json.loads(_get(f"{copy.url}/healthz"))
    assert health["instance"] in (copy.folder / "instance.env").read_text("utf-8")
    ready = json.loads(_get(f"{copy.url}/readyz"))
    assert ready["transactional"], "a real worker says which queue it listens to"
    assert ready["dispatch"]


def test_a_second_one_in_the_same_folder_says_where_the_first_one_is(copy: Copy) -> None:
    second = copy.up_once()
    assert second.returncode == 1
    assert f"running already: {copy.url} (process {copy.process.pid})" in second.stderr


def test_readers_with_and_without_javascript_join_read_and_leave(copy: Copy, visit: Visit) -> None:
    with_scripts, without = visit(), visit(javascript=False)
    readers = {"with@example.org": with_scripts, "without@example.org": without}
    for address, page in readers.items():
        reader.read_an_article(page)
        reader.sign_up_in_its_box(page, address)
        reader.confirm_from_the_mail(page, address)

    copy.dispatch_next_issue("Dispatched with them")
    for address, page in readers.items():
        reader.leave_from_the_mail(page, address, "Dispatched with them")

    copy.dispatch_next_issue("Dispatched without them")
    first = reader.recipients(without, "Dispatched with them")
    second = reader.recipients(without, "Dispatched without them")
    assert all(first.count(address) == 1 for address in readers)
    assert len(first) == READERS + len(readers)
    assert not readers.keys() & set(second)
    assert len(second) == READERS


def test_an_editor_writes_composes_tries_schedules_sends_and_takes_back(
    copy: Copy, visit: Visit
) -> None:
    page = visit()
    editor.log_in(page, _password(copy.told))
    editor.write_an_article(page, "Welding cells ask for help")
    editor.compose(page, "Composed at the desk")
    editor.look_and_try(page)
    inbox = reader.recipients(page, "[Test] Composed at the desk")
    assert inbox == ["owner@robotics-briefing.example"]
    page.goto("/admin/")
    page.get_by_role("link", name="Composed at the desk").click()

    editor.dispatch(page, at="2099-01-02T09:30")
    expect(page.get_by_text("09:30 in Asia/Tokyo, which is 2 Jan, 00:30 UTC")).to_be_visible()
    page.get_by_role("button", name="Do not send it then").click()
    expect(page.get_by_text("It is not scheduled any more.")).to_be_visible()
    page.get_by_role("link", name="Not yet").click()

    editor.dispatch(page)
    editor.take_back(page)
    assert reader.recipients(page, "Composed at the desk") == inbox


def test_two_subjects_are_tried_and_while_the_others_get_the_better_one_it_is_stopped(
    copy: Copy, visit: Visit, pytestconfig: pytest.Config
) -> None:
    readers = 50_000 if pytestconfig.getoption("full") else 1_400
    copy.manage("make_readers", str(readers))
    page = visit()
    editor.log_in(page, _password(copy.told))
    editor.compose(page, _SUBJECTS[0], second=_SUBJECTS[1])
    editor.look_and_try(page, mails=2)
    editor.dispatch(page, first="^Each subject to about")
    expect(page.get_by_text("They have theirs.")).to_be_visible(timeout=editor.PATIENTLY)

    link = _counted_link(copy, _SUBJECTS[1])
    editor.click_as_people(page, link, times=judging.FEWEST_CLICKS)
    row = page.get_by_role("row", name=re.compile(f"^{_SUBJECTS[1]}"))
    # Behind the number of copies.
    expect(row.get_by_role("cell").nth(1)).to_have_text(str(judging.FEWEST_CLICKS))
    first = editor.told(page)["accepted"]
    page.get_by_role("button", name="Do not wait: write to the others now").click()
    expect(page.get_by_text("all others get it.")).to_be_visible()

    editor.pause(page, once_above=first + readers // 50)
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Resumed where it had stopped.")).to_be_visible()
    # What was on the wire when it was paused is answered by now.
    editor.pause(page, once_above=editor.told(page)["accepted"] + 2)
    editor.stop(page)
    expect(page.locator("#panel").get_by_text("not reached yet")).to_have_count(
        0, timeout=editor.PATIENTLY
    )
    figures = editor.told(page)
    assert figures["cancelled"] > readers // 4
    assert figures["accepted"] + figures["cancelled"] == sum(figures.values())
    got = Counter(_subjects(copy.folder))
    assert sum(got[subject] for subject in _SUBJECTS) == figures["accepted"]
    assert got[_SUBJECTS[1]] > got[_SUBJECTS[0]]

    page.get_by_role("link", name="Report of this issue").click()
    expect(row).to_contain_text("chosen")
    page.goto("/issues/")
    expect(page.get_by_role("link", name=_SUBJECTS[1])).to_be_visible()


@needs_proc
def test_a_killed_copy_comes_up_again_and_sends_nothing_twice(copy: Copy) -> None:
    subjects = _subjects(copy.folder)
    copy.process.kill()
    copy.process.wait()
    again = copy.up_once()
    assert again.returncode == 0, again.stderr
    assert _password(again.stdout) == _password(copy.told)
    assert _subjects(copy.folder) == subjects
    _assert_nothing_runs(copy.folder)


def _get(url: str) -> str:
    with closing(build_opener(ProxyHandler({})).open(url)) as answer:
        return str(answer.read(), "utf-8")


def _password(told: str) -> str:
    found = re.search(r"login owner, password (\S+)", told)
    assert found, told
    return found[1]


def _counted_link(copy: Copy, subject: str) -> str:
    """Return a link that is counted without a name, from a mail in the sink."""
    with mailbox.reading(copy.folder / "mail.sqlite3") as box:
        raw = box.raw(box.page(search=subject, size=1)[0].id) or b""
    found = re.search(rb"http://\S+?/c/[\w:.-]+", raw.replace(b"=\r\n", b""))
    assert found, raw
    return found[0].decode()


def _subjects(folder: Path) -> list[str]:
    with mailbox.reading(folder / "mail.sqlite3") as box:
        return sorted(listed.subject for listed in box.since(0))


def _processes_of(folder: Path) -> list[int]:
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


def _assert_nothing_runs(folder: Path) -> None:
    text = (folder / "instance.env").read_text("utf-8")
    run = instance.current(dict(line.split("=", 1) for line in text.splitlines()))
    assert all(ports.is_free(port) for port in (run.web_port, run.sink_port, run.broker_port))
    deadline = time.monotonic() + 30
    while left := _processes_of(folder):
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.1)  # other processes end
