"""The page of checks: every finding, and sources and sender looked at again at the press of a button."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings

from briefing import fetching, nameserver, tasks
from briefing.archive import linkcheck
from briefing.models import Article, AuditEntry, Issue, Source, User
from tests import factories
from tests.accessibility import assert_accessible
from tests.briefing.admin.test_in_chromium import SIDE_BAR
from tests.briefing.admin.test_writing import posted
from tests.nameserver import NameServer, running
from tests.queue import Doorbell

pytestmark = pytest.mark.django_db
LINKS, SENDERS = "briefing.tasks.check_links", "briefing.tasks.look_up_senders"


@pytest.fixture
def made() -> Issue:
    made = factories.issue()
    for number, source in enumerate(Source.objects.order_by("pk")):
        Source.objects.filter(pk=source.pk).update(url=f"https://example.org/{number}")
    Source.objects.create(article=Article.objects.earliest("pk"), title="A book, on paper")
    return made


@pytest.fixture(autouse=True)
def _internet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer for other people's servers: the second source's is gone."""

    def fetch(url: str, **_: object) -> fetching.Answer:
        return fetching.Answer(404 if url.endswith("/1") else 200, url, b"")

    monkeypatch.setattr(fetching, "fetch", fetch)


@pytest.fixture
def server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    settings.LOOK_UP_SENDERS = True
    with running({"robotics-briefing.example": ["v=spf1 -all"]}) as server:
        monkeypatch.setattr(tasks, "Asker", lambda: nameserver.Asker(server.resolver))
        yield server


def test_an_issues_sources_are_looked_at_at_the_press_of_a_button(
    desk: Client,
    made: Issue,
    doorbell: Doorbell,
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]],
) -> None:
    address = f"/admin/issues/{made.pk}/checks/"
    assert "never checked" in desk.get(address).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        answer = desk.post(address, {"links": "1"}, follow=True)
    page = answer.content.decode()
    assert "0 of 2 looked at." in page
    assert 'http-equiv="refresh"' in page
    assert doorbell.rung(LINKS)
    assert AuditEntry.objects.get(act="issue.check-links").detail == {"sources": 2}

    doorbell.answer()
    moved = desk.get(address, headers={"HX-Request": "true"})
    assert moved.headers["HX-Refresh"] == "true"
    page = desk.get(address).content.decode()
    assert "Looked at all 2 sources." in page
    assert "answers" in page
    assert "no answer yet" in page
    assert "refresh" not in page


def test_an_articles_sources_have_a_page_and_a_button(
    desk: Client, made: Issue, doorbell: Doorbell
) -> None:
    article = Article.objects.earliest("pk")
    tools = desk.get(f"/admin/briefing/article/{article.pk}/change/").content.decode()
    address = f"/admin/articles/{article.pk}/links/"
    assert f'action="{address}"' in tools
    desk.post(address)
    tasks.check_links()
    page = desk.get(address).content.decode()
    assert "Looked at 1 source." in page
    assert "A book, on paper" not in page


def test_pressing_twice_does_not_call_a_page_gone(desk: Client, made: Issue) -> None:
    for _ in range(3):
        desk.post(f"/admin/issues/{made.pk}/checks/", {"links": "1"})
        tasks.check_links()
    results = Source.objects.exclude(url="").values_list("check_result", flat=True)
    assert set(results) == {linkcheck.ANSWERS, linkcheck.UNCERTAIN}


def test_a_check_that_nobody_does_is_not_shown_as_going(desk: Client, made: Issue) -> None:
    Source.objects.exclude(url="").update(check_asked_at=factories.NOW)
    page = desk.get(f"/admin/issues/{made.pk}/checks/").content.decode()
    assert "Nobody has looked yet" in page
    assert "refresh" not in page


def test_by_itself_only_a_copy_in_production_asks_others(made: Issue, settings: Settings) -> None:
    tasks.check_links()
    assert not Source.objects.exclude(checked_at=None).exists()
    settings.PRODUCTION = True
    tasks.check_links()
    assert Source.objects.exclude(checked_at=None).count() == 2


def test_many_sources_are_looked_at_in_turns(made: Issue, doorbell: Doorbell) -> None:
    article = Article.objects.earliest("pk")
    for number in range(40):
        Source.objects.create(article=article, title="t", url=f"https://example.org/x{number}")
    linkcheck.ask_for(Source.objects.all(), now=timezone.now())
    tasks.check_links()
    assert doorbell.rung(LINKS)
    assert 0 < linkcheck.asked().count() < 42
    doorbell.answer()
    assert not linkcheck.asked().exists()


def test_a_replaced_address_forgets_what_was_found_at_the_former_one(
    desk: Client, made: Issue
) -> None:
    article = Article.objects.earliest("pk")
    seen_at, asked_at = timezone.now(), factories.NOW
    Source.objects.update(check_result=linkcheck.GONE, checked_at=seen_at, check_asked_at=asked_at)
    first, second = article.sources.order_by("pk")
    sources = {
        "sources-TOTAL_FORMS": "2",
        "sources-INITIAL_FORMS": "2",
        "sources-0-id": first.pk,
        "sources-0-title": first.title,
        "sources-0-url": "https://example.org/new",
        "sources-0-position": "0",
        "sources-1-id": second.pk,
        "sources-1-title": "Another title",
        "sources-1-url": "",
        "sources-1-position": "0",
    }
    address = f"/admin/briefing/article/{article.pk}/change/"
    answer = desk.post(address, posted(article, **sources))
    assert answer.status_code == 302
    first, second = article.sources.order_by("pk")
    assert (first.url, first.check_result) == ("https://example.org/new", "")
    assert second.check_result == linkcheck.GONE
    # Nobody asked for the new one, so nobody is late.
    assert "Nobody has looked yet" not in desk.get(f"/admin/articles/{article.pk}/links/").text


def test_the_sender_is_looked_up_at_the_press_of_a_button(
    desk: Client, made: Issue, server: NameServer
) -> None:
    address = f"/admin/issues/{made.pk}/checks/"
    assert "Never looked up." in desk.get(address).content.decode()
    desk.post(address, {"sender": "1"})
    assert "DNS is being asked." in desk.get(address).content.decode()
    tasks.look_up_senders()
    page = desk.get(address).content.decode()
    assert "DNS is being asked." not in page
    assert "does not say what to do with forged mail" in page
    assert "_dmarc.robotics-briefing.example" in server.asked


def test_a_copy_that_reaches_nobody_says_that_it_does_not_ask(desk: Client, made: Issue) -> None:
    page = desk.get(f"/admin/issues/{made.pk}/checks/").content.decode()
    assert "DNS is not asked" in page
    assert "No source is known to be gone." in page
    assert "Large mailboxes can tell" not in page


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "bare"])
def test_the_page_follows_a_check_by_itself(
    owner: User, made: Issue, desk_page: Callable[..., Page], *, scripts: bool
) -> None:
    page = desk_page(owner, javascript=scripts)
    page.goto(f"/admin/issues/{made.pk}/checks/")
    page.get_by_role("button", name="Check links now").click()
    expect(page.get_by_text("0 of 2 looked at.")).to_be_visible()
    tasks.check_links()
    expect(page.get_by_text("Looked at all 2 sources.")).to_be_visible()
    if scripts:
        assert_accessible(page, without=SIDE_BAR)
