"""Composing: articles are offered, ticked, put in order and found; the same for a draft."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page

from briefing.models import Article, Issue, User
from tests.briefing.admin.conftest import holder_of, log_in
from tests.factories import article, issue, newsletter, topic


def listed(answer: object) -> list[tuple[str, bool]]:
    """Return the rows of a screen: headline, and whether it is ticked."""
    return [(row.article.headline, row.ticked) for row in answer.context["rows"]]  # type: ignore[attr-defined]  # Django's test answer


def carried(one: Issue) -> list[str]:
    """Return an issue's headlines in order."""
    return list(one.items.order_by("position").values_list("article__headline", flat=True))


@pytest.fixture
def three(db: None) -> list[Article]:
    """Publish three articles; the list has the last one first."""
    newsletter()
    return [article(name) for name in ("One", "Two", "Three")]


def test_composing_takes_one_press(desk: Client) -> None:
    newsletter()
    for number in range(8):
        article(f"Headline number {number}")

    screen = desk.get("/admin/issues/compose/")
    ticked = [row.article.pk for row in screen.context["rows"] if row.ticked]
    answer = desk.post(
        "/admin/issues/compose/",
        {"subject": screen.context["form"]["subject"].value(), "articles": ticked},
    )

    made = Issue.objects.get()
    assert answer.headers["Location"] == f"/admin/briefing/issue/{made.pk}/change/"
    assert made.articles.count() == 6
    assert made.number == 1


def test_an_article_that_was_in_an_issue_is_offered_only_when_asked_for(desk: Client) -> None:
    issue()
    article("Quite new")

    assert listed(desk.get("/admin/issues/compose/")) == [("Quite new", True)]
    sought = desk.post("/admin/issues/compose/", {"look": "1", "used": "on", "words": "cranes"})
    assert listed(sought) == [("Ports count their cranes twice", False)]


def test_articles_go_out_in_the_order_in_which_they_stand(
    desk: Client, three: list[Article]
) -> None:
    one, two, last = (each.pk for each in three)

    desk.post(
        "/admin/issues/compose/",
        {"subject": "x", "order": [two, last, one], "articles": [one, two]},
    )

    assert carried(Issue.objects.get()) == ["Two", "One"]


def test_the_arrows_move_an_article_and_keep_what_was_typed(
    desk: Client, three: list[Article]
) -> None:
    one, two, last = (each.pk for each in three)
    sent = {"subject": "Typed", "order": [last, two, one], "articles": [last, one], "up": one}

    moved = desk.post("/admin/issues/compose/", sent)

    assert listed(moved) == [("Three", True), ("One", True), ("Two", False)]
    assert moved.context["form"]["subject"].value() == "Typed"
    assert not Issue.objects.exists()
    stays = desk.post("/admin/issues/compose/", sent | {"up": last})
    assert listed(stays)[0] == ("Three", True)


def test_a_search_keeps_what_is_ticked(desk: Client, three: list[Article]) -> None:
    article("Ferries dock", topic=topic("Ships"))

    found = desk.post(
        "/admin/issues/compose/", {"look": "1", "topic": "ships", "articles": [three[0].pk]}
    )

    assert listed(found) == [("One", True), ("Ferries dock", False)]


def test_enter_behind_words_looks_for_them_and_elsewhere_saves(
    desk: Client, three: list[Article]
) -> None:
    article("Ferries dock")
    # A browser presses the first button of the form, which nobody sees.
    entered = {"entered": "1", "subject": "x", "articles": [three[0].pk], "words": "ferries"}

    found = desk.post("/admin/issues/compose/", entered)

    assert listed(found) == [("One", True), ("Ferries dock", False)]
    assert 'name="looked" value="ferries"' in found.text
    assert not Issue.objects.exists()
    desk.post("/admin/issues/compose/", entered | {"looked": "ferries"})
    assert carried(Issue.objects.get()) == ["One"]


def test_saving_over_what_a_colleague_composed_is_stopped_once(
    desk: Client, three: list[Article]
) -> None:
    draft = issue(articles=three)
    address = f"/admin/issues/{draft.pk}/arrange/"
    seen = desk.get(address).context["based_on"]
    mine = {"subject": "Mine", "articles": [three[0].pk], "based_on": seen}
    log_in(holder_of("editor")).post(address, mine | {"subject": "Theirs"})

    stopped = desk.post(address, mine)

    assert "editor saved this issue at" in stopped.text
    assert Issue.objects.get().subject == "Theirs"
    desk.post(address, mine | {"based_on": stopped.context["based_on"]})
    assert Issue.objects.get().subject == "Mine"


def test_an_issue_without_an_article_is_refused(desk: Client, three: list[Article]) -> None:
    answer = desk.post("/admin/issues/compose/", {"subject": "x"})

    assert "at least one article" in answer.content.decode()
    assert not Issue.objects.exists()


@pytest.mark.parametrize("number", ["0", "²", "9" * 40, "x"])
def test_numbers_of_no_article_are_passed_over(
    desk: Client, three: list[Article], number: str
) -> None:
    sent = {"subject": "x", "articles": [three[0].pk, number], "order": [number]}

    desk.post("/admin/issues/compose/", sent)

    assert carried(Issue.objects.get()) == ["One"]


def test_the_week_becomes_an_issue_in_one_press(desk: Client, three: list[Article]) -> None:
    now = timezone.now()
    Article.objects.update(published_at=now - timedelta(days=8))
    Article.objects.filter(headline="Two").update(published_at=now - timedelta(days=6))

    desk.post("/admin/issues/compose/", {"week": "1"})

    made = Issue.objects.get()
    assert (made.subject, carried(made)) == ("Two", ["Two"])
    refused = desk.post("/admin/issues/compose/", {"week": "1"}, follow=True)
    assert "No article of the last seven days" in refused.content.decode()


def test_a_draft_is_changed_on_the_same_screen(desk: Client, three: list[Article]) -> None:
    draft = issue(articles=[three[0], three[1]])
    address = f"/admin/issues/{draft.pk}/arrange/"

    assert listed(desk.get(address)) == [("One", True), ("Two", True), ("Three", False)]
    order = [three[2].pk, three[0].pk]
    desk.post(address, {"subject": "Anew", "order": order, "articles": order})

    draft.refresh_from_db()
    assert (draft.subject, carried(draft)) == ("Anew", ["Three", "One"])
    assert draft.history.count() == 2


def test_what_has_gone_out_is_not_changed(desk: Client, three: list[Article]) -> None:
    gone = issue(articles=three)
    Issue.objects.filter(pk=gone.pk).update(status=Issue.Status.DISPATCHING)

    desk.post(f"/admin/issues/{gone.pk}/arrange/", {"subject": "x", "articles": [three[0].pk]})

    assert carried(gone) == ["One", "Two", "Three"]


def test_a_duplicate_is_the_next_draft(desk: Client, three: list[Article]) -> None:
    first = issue(articles=three, intro="Hello")

    desk.post(f"/admin/issues/{first.pk}/duplicate/")

    made = Issue.objects.exclude(pk=first.pk).get()
    assert (made.number, made.status, made.intro) == (2, "draft", "Hello")
    assert carried(made) == carried(first)


@pytest.mark.django_db(transaction=True)
def test_rows_move_by_keyboard_and_by_dragging(owner: User, desk_page: Callable[..., Page]) -> None:
    newsletter()
    for name in ("One", "Two", "Three"):
        article(name)
    page = desk_page(owner)
    page.goto("/admin/issues/compose/")

    page.get_by_role("button", name="Move up: One").focus()
    page.keyboard.press("Enter")
    assert page.locator("[data-told]").text_content() == "One Automation is number 2 now."
    rows = page.locator(".desk-rows li")
    rows.nth(0).drag_to(rows.nth(2), target_position={"x": 5, "y": 30})
    page.get_by_label("Subject", exact=True).fill("Four letters")
    assert page.locator("[data-shows=id_subject]").text_content() == "Four letters"
    assert page.locator("output").first.text_content() == " 12 / 60"
    page.get_by_role("button", name="Compose", exact=True).click()

    page.wait_for_url("**/change/")
    assert carried(Issue.objects.get()) == ["One", "Two", "Three"]
