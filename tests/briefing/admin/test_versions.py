"""Versions: compared word by word, restored by whoever may change the row as it is now."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from briefing.admin import differing, roles
from briefing.admin.differing import GONE, NEW, SAME, Passage, Piece
from briefing.models import Article, AuditEntry, FormerSlug, Issue
from tests.briefing.admin.conftest import holder_of, log_in
from tests.factories import article, issue


def version(of: Any, number: Any = None) -> str:
    """Return the address of a version, the first one unless told otherwise."""
    kept = number or of.history.earliest("history_id").history_id
    return f"/admin/briefing/{of._meta.model_name}/{of.pk}/history/{kept}/"


def changed(made: Any, **values: Any) -> Any:
    """Save a row again with other values, as a later version."""
    for name, value in values.items():
        setattr(made, name, value)
    made.save()
    return made


def test_lines_that_stayed_are_counted_and_words_that_changed_are_marked() -> None:
    before = "One.\n\nTwo.\n\nThe first week went well.\n\nGone."
    after = "One.\r\n\r\nTwo.\r\n\r\nThe second week went well."

    assert differing.compare(before, after) == [
        Passage(same=2),
        Passage(
            (
                Piece(SAME, "The "),
                Piece(GONE, "first"),
                Piece(NEW, "second"),
                Piece(SAME, " week went well."),
                Piece(GONE, "\nGone."),
            )
        ),
    ]


def test_texts_too_long_to_compare_are_shown_as_gone_and_come() -> None:
    before, after = "word " * 4000, "other " * 4000

    assert [piece.act for piece in differing.compare(before, after)[0].pieces] == [GONE, NEW]


def test_versions_are_listed_and_what_one_changed_is_marked(desk: Client) -> None:
    draft = article(status="draft", published_at=None, body="The first week went well.")
    changed(draft, body="The second week went well.", headline="Another headline")

    listed = desk.get(f"/admin/briefing/article/{draft.pk}/history/").text
    shown = desk.get(version(draft, draft.history.latest("history_id").history_id)).text

    assert "headline, body" in listed
    assert "the first version" in listed
    assert "<del>first</del><ins>second</ins>" in shown
    assert "Restore these texts" not in shown
    assert "Restore these texts" in desk.get(version(draft)).text
    restoring = desk.get(f"{version(draft)}?as=now").text
    assert "<del>second</del><ins>first</ins>" in restoring


def test_restoring_brings_back_the_texts_and_leaves_address_status_and_times(desk: Client) -> None:
    draft = article("Old name", status="draft", published_at=None, body="First words")
    at = timezone.now() - timedelta(days=1)
    changed(draft, slug="new-name", body="Other", status="published", published_at=at)

    answer = desk.post(version(draft))

    draft.refresh_from_db()
    assert answer.headers["Location"] == f"/admin/briefing/article/{draft.pk}/change/"
    assert (draft.body, draft.slug) == ("First words", "new-name")
    assert (draft.status, draft.published_at) == ("published", at)
    assert [each.body for each in draft.history.all()] == ["First words", "Other", "First words"]
    assert not FormerSlug.objects.exists()
    assert AuditEntry.objects.get(act="article.restore").subject_id == str(draft.pk)


def test_an_author_cannot_bring_an_old_text_of_a_public_article_before_readers(db: None) -> None:
    public = changed(article(status="draft", published_at=None, body="A rumour"), body="A fact")
    changed(public, status="published", published_at=timezone.now())
    author = log_in(holder_of(roles.AUTHOR))
    form = {"headline": "Mine", "slug": "mine", "locale": "en", "body": "Mine", "status": "draft"}

    seen = author.get(version(public))
    answer = author.post(version(public), form)

    assert seen.status_code == 200
    assert "Restore these texts" not in seen.text
    assert answer.status_code == 403
    stored = Article.objects.get()
    assert (stored.body, stored.status) == ("A fact", Article.Status.PUBLISHED)


def test_an_issue_that_went_out_stays_what_it_was(db: None) -> None:
    sent = changed(issue(), subject="Sent", status=Issue.Status.PUBLISHED)

    answer = log_in(holder_of(roles.EDITOR)).post(version(sent))

    sent.refresh_from_db()
    assert answer.status_code == 403
    assert (sent.subject, sent.status) == ("Sent", Issue.Status.PUBLISHED)


def test_restoring_an_issues_texts_puts_nothing_into_the_timetable(db: None) -> None:
    draft = changed(issue(), send_at=timezone.now() + timedelta(days=1), subject="Scheduled")
    scheduled = draft.history.latest("history_id").history_id
    Issue.objects.update(send_at=None, scheduled_by="", subject="Not any more")

    answer = log_in(holder_of(roles.EDITOR)).post(version(draft, scheduled))

    draft.refresh_from_db()
    assert answer.status_code == 302
    assert (draft.subject, draft.send_at) == ("Scheduled", None)


@pytest.mark.parametrize("path", ["", "history/999999/"])
def test_a_version_of_something_else_is_not_there(desk: Client, path: str) -> None:
    one, other = article("One"), article("Other")
    theirs = f"history/{other.history.earliest('history_id').history_id}/"

    address = f"/admin/briefing/article/{one.pk}/{path or theirs}"

    assert desk.get(address).status_code == 404
    assert desk.post(address).status_code == 404
