"""Sending at the desk: who gets it, the typed number, the live screen and its switches."""

from array import array
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format
from playwright.sync_api import Page

from briefing.admin.watching import panel
from briefing.dispatch import control, holding
from briefing.models import Batch, Bucket, Dispatch, Issue, Question, User
from tests.factories import article, issue, subscription
from tests.queue import Doorbell


def test_before_sending_the_desk_says_who_gets_it_and_why_others_do_not(
    desk: Client, audience: None
) -> None:
    screen = desk.get(f"/admin/issues/{issue().pk}/dispatch/")

    assert screen.context["count"].planned == 3
    told = {str(each.reason): each.readers for each in screen.context["excluded"]}
    assert told == {
        "have unsubscribed": 1,
        "must not be written to (bounce, complaint or a person’s decision)": 1,
        "have paused their mail": 1,
    }


@pytest.mark.parametrize("typed", ["3", " 3 "])
def test_the_typed_number_starts_the_dispatch_and_rings_the_planner(
    desk: Client,
    audience: None,
    doorbell: Doorbell,
    django_capture_on_commit_callbacks: Callable[..., object],
    typed: str,
) -> None:
    composed = issue()

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]  # pytest-django's fixture
        answer = desk.post(
            f"/admin/issues/{composed.pk}/dispatch/", {"count": typed, "accepted": "on"}
        )

    started = Dispatch.objects.get()
    assert answer.headers["Location"] == f"/admin/briefing/dispatch/{started.pk}/change/"
    assert started.issue == composed
    assert [ring.args for ring in doorbell.rung("briefing.tasks.plan")] == [(started.pk,)]


@pytest.mark.parametrize("typed", ["", "4", "three", "33", "-3"])
def test_another_number_sends_nothing(desk: Client, audience: None, typed: str) -> None:
    answer = desk.post(f"/admin/issues/{issue().pk}/dispatch/", {"count": typed, "accepted": "on"})

    assert answer.status_code == 200
    assert not Dispatch.objects.exists()


def test_a_number_that_changed_meanwhile_is_asked_for_again(desk: Client, audience: None) -> None:
    composed = issue()
    desk.get(f"/admin/issues/{composed.pk}/dispatch/")
    subscription("late@example.org")

    answer = desk.post(f"/admin/issues/{composed.pk}/dispatch/", {"count": "3", "accepted": "on"})

    assert answer.context["count"].planned == 4
    assert not Dispatch.objects.exists()


def test_an_issue_nobody_would_get_is_refused_in_a_sentence(desk: Client, db: None) -> None:
    answer = desk.post(f"/admin/issues/{issue().pk}/dispatch/", {"count": "0", "accepted": "on"})

    assert "no active reader" in answer.content.decode()
    assert Issue.objects.get().status == Issue.Status.DRAFT


def test_a_second_press_leads_to_the_dispatch_there_is(desk: Client, running: Dispatch) -> None:
    answer = desk.post(
        f"/admin/issues/{running.issue_id}/dispatch/", {"count": "3", "accepted": "on"}
    )

    assert answer.headers["Location"] == f"/admin/briefing/dispatch/{running.pk}/change/"
    assert Dispatch.objects.count() == 1


def test_looking_at_the_confirmation_sends_nothing(desk: Client, audience: None) -> None:
    desk.get(f"/admin/issues/{issue().pk}/dispatch/?count=3")

    assert not Dispatch.objects.exists()


@pytest.mark.parametrize(
    ("act", "state"), [("pause", Dispatch.State.PAUSED), ("cancel", Dispatch.State.CANCELLED)]
)
def test_a_switch_changes_the_state_and_says_who_threw_it(
    desk: Client, running: Dispatch, act: str, state: str
) -> None:
    desk.post(f"/admin/dispatches/{running.pk}/{act}/")

    running.refresh_from_db()
    assert running.state == state
    assert running.reason == "by olivia at the desk"


def test_resuming_rings_the_workers(desk: Client, running: Dispatch, doorbell: Doorbell) -> None:
    control.pause(running, reason="test")

    desk.post(f"/admin/dispatches/{running.pk}/resume/")

    running.refresh_from_db()
    assert running.state == Dispatch.State.RUNNING
    assert doorbell.rung("briefing.tasks.drain")


def test_a_switch_that_fits_no_more_says_so_and_changes_nothing(
    desk: Client, running: Dispatch
) -> None:
    control.cancel(running, reason="test")

    answer = desk.post(f"/admin/dispatches/{running.pk}/pause/", follow=True)

    assert "Nothing was changed: the dispatch is cancelled by now." in answer.content.decode()


@pytest.mark.parametrize("act", ["pause", "resume", "cancel"])
def test_a_switch_is_never_thrown_by_a_link(desk: Client, running: Dispatch, act: str) -> None:
    assert desk.get(f"/admin/dispatches/{running.pk}/{act}/").status_code == 405
    running.refresh_from_db()
    assert running.state == Dispatch.State.RUNNING


def test_the_panel_counts_what_is_written_down(running: Dispatch) -> None:
    shown = panel(running.pk)

    assert shown.progress.planned == 3
    assert shown.progress.open == 3
    assert shown.percent == 0
    assert sum(part.length for part in shown.parts) == 0


def test_htmx_gets_the_panel_alone_and_a_new_page_when_the_state_changed(
    desk: Client, running: Dispatch
) -> None:
    address = f"/admin/briefing/dispatch/{running.pk}/change/"

    same = desk.get(f"{address}?seen=running", headers={"HX-Request": "true"})
    control.pause(running, reason="test")
    other = desk.get(f"{address}?seen=running", headers={"HX-Request": "true"})

    assert "<html" not in same.content.decode()
    assert "HX-Refresh" not in same.headers
    assert other.headers["HX-Refresh"] == "true"


@pytest.mark.parametrize("number", ["999", "abc", "1 OR 1=1"])
def test_a_dispatch_that_is_not_there_is_not_found(desk: Client, number: str) -> None:
    assert desk.get(f"/admin/briefing/dispatch/{number}/change/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_live_screen_follows_without_being_reloaded(
    owner: User, running: Dispatch, desk_page: Callable[..., Page]
) -> None:
    page = desk_page(owner)
    page.goto(f"/admin/briefing/dispatch/{running.pk}/change/")
    assert page.locator(".desk-figure strong").inner_text() == "0"

    Dispatch.objects.get(pk=running.pk).batches.update(accepted=2)

    page.locator(".desk-figure strong", has_text="2").wait_for()


@pytest.mark.django_db(transaction=True)
def test_without_scripts_a_dispatch_is_read_and_stopped(
    owner: User, running: Dispatch, desk_page: Callable[..., Page]
) -> None:
    page = desk_page(owner, javascript=False)

    page.goto(f"/admin/briefing/dispatch/{running.pk}/change/")
    assert page.get_by_text("of 3 readers").is_visible()
    page.get_by_role("button", name="Pause").click()

    assert page.get_by_text("Paused. What was on the wire is still being answered.").is_visible()
    assert Dispatch.objects.get().state == Dispatch.State.PAUSED


def test_the_screen_says_how_each_domain_goes_and_which_one_slows_us(
    desk: Client, running: Dispatch
) -> None:
    Batch.objects.filter(dispatch=running).update(lane="example.org", deferred=1)
    other = Batch.objects.get(dispatch=running)
    other.pk, other.lane, other.deferred = None, "", 0
    other.save(force_insert=True)
    Bucket.objects.create(account="bulk", lane="example.org", slowdown=20.0, free_at=timezone.now())

    shown = panel(running.pk)
    page = desk.get(f"/admin/briefing/dispatch/{running.pk}/change/").content.decode()

    assert [lane.domain for lane in shown.lanes] == ["example.org", ""]
    assert "example.org asks us to slow down: it gets 10.0 a second for now." in shown.troubles
    assert "slowed to 10 a second" in page
    assert "all others" in page
    assert "When it will be over is not known yet." in page


def test_while_all_mail_is_held_no_screen_says_that_anybody_is_written_to(
    desk: Client, running: Dispatch
) -> None:
    address = f"/admin/briefing/dispatch/{running.pk}/change/"
    draft = issue(articles=[article("Chips for robots")])
    holding.hold("for a look", now=timezone.now())
    # It was begun while the switch was off already.
    Dispatch.objects.update(state=Dispatch.State.RUNNING)

    watched = desk.get(address, headers={"HX-Request": "true"}).content.decode()

    assert "nobody is written to before it is let go" in watched
    assert "When it will be over" not in watched
    assert (
        "begins by itself when it is let go"
        in desk.get(f"/admin/issues/{draft.pk}/dispatch/").content.decode()
    )
    assert desk.get("/admin/").content.decode().count("not now: all mail is held") == 2


def test_who_watches_while_another_undoes_it_is_told(desk: Client, running: Dispatch) -> None:
    address = f"/admin/briefing/dispatch/{running.pk + 1}/change/"
    panel_alone = desk.get(address, headers={"HX-Request": "true"})

    assert "It was undone before it began" in panel_alone.text
    assert "hx-get" not in panel_alone.text
    assert desk.get(address).status_code == 404


@pytest.mark.sql
def test_the_screen_says_of_how_many_copies_a_provider_is_asked_again_and_until_when(
    running: Dispatch,
) -> None:
    now = timezone.now()
    (variant_id,) = running.edition.variants.values_list("pk", flat=True)

    def ask(size: int, *, asked: int, until: timedelta) -> None:
        Question.objects.create(
            dispatch=running,
            variant_id=variant_id,
            key=uuid4(),
            way="resend",
            readers=array("q", range(size)).tobytes(),
            asked=asked,
            next_at=now + timedelta(minutes=1),
            until=now + until,
        )

    assert not panel(running.pk).troubles
    ask(1, asked=0, until=timedelta(hours=2))
    (said,) = panel(running.pk).troubles
    assert said.startswith("The provider gave no answer about 1 copy. It is asked again, until ")
    # After the last of five times nobody asks any more, however long the key would live.
    ask(500, asked=3, until=timedelta(hours=24))
    ask(9, asked=1, until=timedelta(seconds=-1))
    (said,) = panel(running.pk).troubles
    assert "about 501 copies" in said
    at = date_format(now + timedelta(minutes=1 + 240), "j M, H:i")
    assert f"until {at} UTC at the latest" in said
    assert panel(running.pk).progress.state == "running"
