"""Some readers first, at the desk: chosen calmly, watched in sentences, decided by a person."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from briefing.dispatch import control, deciding, planner, sender, trials
from briefing.dispatch.outcome import ACCEPTED, REJECTED
from briefing.models import AuditEntry, Delivery, Dispatch, Issue, Trial
from subscribers.models import Subscriber
from tests import factories
from tests.briefing.admin.conftest import holder_of, log_in
from tests.briefing.dispatch.making import Provider, readers, small_trials

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(monkeypatch: pytest.MonkeyPatch) -> Issue:
    """Compose an issue for twelve readers, of whom four may be the first."""
    small_trials(monkeypatch)
    readers(12)
    return factories.issue()


@pytest.fixture
def halted(draft: Issue) -> Dispatch:
    """Send it to the first, all of whose copies are refused."""
    trials.choose(draft, Issue.FirstWave.CANARY)
    dispatch = control.start(draft, now=timezone.now())
    planner.plan(dispatch.pk, ring=lambda _id: None)
    refusing = Provider(answer=lambda _copy: (REJECTED, "550 no"))
    sender.drain(dispatch.pk, refusing)
    deciding.look(now=timezone.now())
    return dispatch


def words(client: Client, dispatch: Dispatch) -> str:
    page = client.get(f"/admin/briefing/dispatch/{dispatch.pk}/change/")
    return " ".join(page.content.decode().split())


def test_a_canary_is_chosen_when_it_is_sent_and_kept_with_the_issue(
    desk: Client, draft: Issue
) -> None:
    address = f"/admin/issues/{draft.pk}/dispatch/"
    assert "About 4 readers, drawn by lot" in desk.get(address).content.decode()
    chosen = {"count": "12", "accepted": "on", "first_wave": "canary", "minutes": "30"}
    desk.post(address, chosen)
    trial = Trial.objects.get()
    assert (trial.kind, trial.minutes, trial.state) == ("canary", 30, "going")
    assert AuditEntry.objects.get(act="issue.dispatch").detail["first_wave"] == "canary"


def test_while_it_can_be_undone_nobody_is_said_to_be_written_to(
    desk: Client, draft: Issue, settings: Settings
) -> None:
    settings.UNDO_SECONDS = 30
    chosen = {"count": "12", "accepted": "on", "first_wave": "canary"}

    desk.post(f"/admin/issues/{draft.pk}/dispatch/", chosen)
    page = words(desk, Dispatch.objects.get())

    assert "Nobody has been written to yet." in page
    assert "About to begin" in page
    assert "being written to" not in page
    assert "being planned" not in page


def test_scheduled_with_a_canary_it_goes_out_with_one(desk: Client, draft: Issue) -> None:
    day = (timezone.now() + timedelta(days=2)).date()
    when = {"count": "12", "accepted": "on", "first_wave": "canary", "at": f"{day}T09:00"}
    desk.post(f"/admin/issues/{draft.pk}/dispatch/", when)
    draft.refresh_from_db()
    assert (draft.first_wave, draft.send_at is not None) == ("canary", True)
    page = desk.get(f"/admin/issues/{draft.pk}/dispatch/").content.decode()
    assert 'value="canary" id="id_first_wave_1" checked' in page


@pytest.mark.parametrize("wave", ["everybody", "subject"])
def test_what_is_not_offered_is_refused(desk: Client, draft: Issue, wave: str) -> None:
    typed = {"count": "12", "accepted": "on", "first_wave": wave}
    assert desk.post(f"/admin/issues/{draft.pk}/dispatch/", typed).status_code == 200
    assert not Dispatch.objects.exists()


def test_to_a_few_readers_it_is_not_offered(desk: Client, db: None) -> None:
    readers(3)
    page = desk.get(f"/admin/issues/{factories.issue().pk}/dispatch/").content.decode()
    assert 'value="canary"' not in page
    assert 'name="minutes"' not in page
    assert "trying a second one" not in page


def test_a_second_subject_that_too_few_readers_would_try_says_so(desk: Client, db: None) -> None:
    readers(3)
    draft = factories.issue()
    Issue.objects.update(second_subject="A second one")
    page = desk.get(f"/admin/issues/{draft.pk}/dispatch/").content.decode()
    assert "trying a second one takes 1,000 readers" in page


def test_each_reader_may_get_it_at_this_hour_of_their_own(desk: Client, db: None) -> None:
    readers(3)
    Subscriber.objects.filter(address_key="reader0@mail.example").update(time_zone="Asia/Tokyo")
    chosen = {"count": "3", "accepted": "on", "first_wave": "local"}
    desk.post(f"/admin/issues/{factories.issue().pk}/dispatch/", chosen)

    dispatch = Dispatch.objects.get()
    assert AuditEntry.objects.get(act="issue.dispatch").detail["first_wave"] == "local"
    planner.plan(dispatch.pk, ring=lambda _id: None)
    Dispatch.objects.update(state="running", started_at=timezone.now())
    assert "The last readers get it at" in words(desk, dispatch)
    sender.drain(dispatch.pk, Provider())
    assert Delivery.objects.filter(outcome=ACCEPTED).count() == 2


def test_halted_the_page_says_why_and_a_persons_word_lets_it_go_on(
    desk: Client, halted: Dispatch
) -> None:
    page = words(desk, halted)
    assert "4 of 4 copies were refused or came back; the limit is 3 %." in page
    assert "100.0 %, halts above 3 %" in page
    assert "Go on anyway" in page
    assert "Stop…" in page
    # Resuming would say nothing about the figures.
    assert f"/admin/dispatches/{halted.pk}/resume/" not in page
    desk.post(f"/admin/dispatches/{halted.pk}/resume/")
    assert Dispatch.objects.get().state == Dispatch.State.PAUSED
    desk.post(f"/admin/dispatches/{halted.pk}/go-on/")
    assert Dispatch.objects.get().state == Dispatch.State.RUNNING
    assert AuditEntry.objects.filter(act="dispatch.go-on").count() == 1
    assert "olivia let the others go" in words(desk, halted)


def test_while_it_waits_the_page_says_until_when(desk: Client, draft: Issue) -> None:
    trials.choose(draft, Issue.FirstWave.CANARY)
    dispatch = control.start(draft, now=timezone.now())
    planner.plan(dispatch.pk, ring=lambda _id: None)
    assert "The others wait until 15 minutes after" in words(desk, dispatch)
    sender.drain(dispatch.pk, Provider())
    deciding.look(now=timezone.now())
    at = Trial.objects.values_list("decide_at", flat=True).get()
    page = words(desk, dispatch)
    assert f"The others follow by themselves at {at:%H:%M} in UTC" in page
    assert "Do not wait" in page
    desk.post(f"/admin/dispatches/{dispatch.pk}/go-on/")
    desk.post(f"/admin/dispatches/{dispatch.pk}/go-on/")
    assert Trial.objects.get().state == Trial.State.OVERRULED


def test_an_editor_may_watch_but_not_decide(halted: Dispatch) -> None:
    editor = log_in(holder_of("editor"))
    assert "Go on anyway" not in words(editor, halted)
    assert editor.post(f"/admin/dispatches/{halted.pk}/go-on/").status_code == 403
    assert Trial.objects.get().state == Trial.State.HALTED


def test_a_second_subject_is_written_in_compose_and_counts_clicks(
    desk: Client, draft: Issue
) -> None:
    texts = {"subject": "One", "second_subject": "One", "preheader": "", "intro": ""}
    rows = {"order": [each.pk for each in draft.articles.all()]}
    rows["articles"] = rows["order"]
    page = desk.post(f"/admin/issues/{draft.pk}/arrange/", texts | rows)
    assert "Both subjects are the same." in page.content.decode()
    desk.post(f"/admin/issues/{draft.pk}/arrange/", texts | rows | {"second_subject": "Two"})
    draft.refresh_from_db()
    assert (draft.subject, draft.second_subject, draft.counts_clicks) == ("One", "Two", True)


def test_two_subjects_are_tried_when_sent_so_and_the_report_says_which_won(
    desk: Client, draft: Issue
) -> None:
    address = f"/admin/issues/{draft.pk}/dispatch/"
    chosen = {"count": "12", "accepted": "on", "first_wave": "subjects"}
    assert "Each subject to about" not in desk.get(address).content.decode()
    desk.post(address, chosen)
    assert not Dispatch.objects.exists()
    Issue.objects.filter(pk=draft.pk).update(second_subject="A second one")
    # It counts no clicks: nothing could be compared.
    assert "does not count them" in desk.post(address, chosen).content.decode()
    Issue.objects.filter(pk=draft.pk).update(counts_clicks=True)
    page = desk.get(address).content.decode()
    assert "Each subject to about 4 readers" in page
    # Whoever has written it means to try it.
    assert 'value="subjects" id="id_first_wave_2" checked' in page
    desk.post(address, chosen)
    dispatch = Dispatch.objects.get()
    Dispatch.objects.update(state=Dispatch.State.CANARY, begins_at=None, started_at=timezone.now())
    planner.plan(dispatch.pk, ring=lambda _id: None)
    sender.drain(dispatch.pk, Provider())
    deciding.look(now=timezone.now())
    assert "It is not decided yet which one the others get." in words(desk, dispatch)
    Trial.objects.update(decide_at=timezone.now())
    deciding.look(now=timezone.now())
    assert "too few clicks" in words(desk, dispatch)
    report = desk.get(f"/admin/issues/{draft.pk}/report/").content.decode()
    assert "too few clicks" in report
    assert "A second one" in report
    sheet = desk.get(f"/admin/issues/{draft.pk}/report/?format=csv").content.decode()
    assert "copies accepted by subject,A second one,4" in sheet
    assert "clicks of people by subject,A second one,0" in sheet
    assert f"subject chosen for the others,{draft.subject},1" in sheet
