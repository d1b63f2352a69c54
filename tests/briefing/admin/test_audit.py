"""Who did what at the desk is written down, once, and without a reader's address."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError
from django.test import Client
from django.utils import timezone

from briefing.admin.acts import in_words
from briefing.dispatch import control
from briefing.models import Article, AuditEntry, Issue, User
from subscribers import suppression
from subscribers.models import Subscriber, Suppression
from tests.briefing.admin.conftest import PASSWORD
from tests.briefing.admin.test_writing import SEEDFILE
from tests.factories import NOW, article, issue, newsletter, subscription, topic
from tests.subscribers.making import confirmed


def acts() -> list[tuple[str, str, dict[str, Any]]]:
    """Return what was written: act, what it was about, and the details."""
    return [
        (entry.act, f"{entry.subject} {entry.subject_id}".strip(), entry.detail)
        for entry in AuditEntry.objects.exclude(act__startswith="account.").order_by("pk")
    ]


def test_composing_trying_and_dispatching_are_written_down(desk: Client, owner: User) -> None:
    subscription("reader@example.org")
    carried = article()

    desk.post("/admin/issues/compose/", {"subject": "One", "articles": [carried.pk]})
    made = Issue.objects.get()
    desk.post(f"/admin/issues/{made.pk}/test/", {"recipients": "me@example.org"})
    desk.post(f"/admin/issues/{made.pk}/dispatch/", {"count": "1", "accepted": "on"})
    sent = made.dispatches.get()
    desk.post(f"/admin/dispatches/{sent.pk}/pause/")

    about = f"briefing.issue {made.pk}"
    assert acts() == [
        ("issue.compose", about, {"articles": 1}),
        ("issue.test", about, {"recipients": 1}),
        (
            "issue.dispatch",
            about,
            {"dispatch": sent.pk, "readers": 1, "in_spite_of": ["preheader"]},
        ),
        ("dispatch.pause", f"briefing.dispatch {sent.pk}", {}),
    ]
    entry = AuditEntry.objects.get(act="issue.dispatch")
    assert entry.actor == owner
    assert entry.ip == "127.0.0.1"


def test_what_was_refused_or_failed_is_not_written_as_done(desk: Client) -> None:
    subscription("reader@example.org")
    made = issue()
    stopped = control.start(made, now=timezone.now())
    control.cancel(stopped, reason="test")
    before = AuditEntry.objects.count()

    desk.post(f"/admin/issues/{made.pk}/dispatch/", {"count": "7", "accepted": "on"})
    desk.post(f"/admin/dispatches/{stopped.pk}/resume/")

    assert AuditEntry.objects.count() == before


def test_a_form_of_the_admin_is_written_down_with_the_names_of_the_changed_fields(
    desk: Client,
) -> None:
    made = topic("Harbours")

    desk.post(
        f"/admin/subscribers/topic/{made.pk}/change/",
        {"name": "Ports", "slug": "harbours", "description": "", "position": "3"},
    )
    desk.post(f"/admin/subscribers/topic/{made.pk}/delete/", {"post": "yes"})

    about = f"subscribers.topic {made.pk}"
    assert acts() == [
        ("topic.change", about, {"fields": ["Name", "Position"]}),
        ("topic.delete", about, {}),
    ]


def test_no_entry_holds_a_readers_address(desk: Client) -> None:
    reader = confirmed("anna.secret@example.org").subscriber
    suppression.suppress("anna.secret@example.org", Suppression.Reason.HARD_BOUNCE, now=NOW)
    row = Suppression.objects.get()

    desk.post(
        f"/admin/subscribers/subscriber/{reader.pk}/change/",
        {
            "name": "Anna Secret",
            "format": "html",
            "locale": "en",
            "time_zone": "",
            "subscriptions-TOTAL_FORMS": "0",
            "subscriptions-INITIAL_FORMS": "0",
        },
    )
    lift = f"/admin/subscribers/suppression/{row.pk}/lift/"
    desk.post(lift, {"address": "anna.secret@example.org"})
    desk.post(
        "/admin/subscribers/suppression/add/", {"address": "anna.secret@example.org", "note": ""}
    )

    assert [act for act, _about, _detail in acts()] == [
        "subscriber.change",
        "suppression.lift",
        "suppression.add",
    ]
    written = json.dumps(list(AuditEntry.objects.values("subject", "subject_id", "detail")))
    assert "secret" not in written.lower()


def test_coming_going_and_being_refused_are_written_down(owner: User, client: Client) -> None:
    client.post("/accounts/login/", {"login": "my password by mistake", "password": "x"})
    client.post("/accounts/login/", {"login": "olivia", "password": PASSWORD})
    client.post("/accounts/logout/")

    written = AuditEntry.objects.order_by("pk").values_list("act", "actor", "detail")
    assert list(written) == [
        ("account.refused", None, {}),
        ("account.login", owner.pk, {}),
        ("account.logout", owner.pk, {}),
    ]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE briefing_auditentry SET act = 'nothing'",
        "DELETE FROM briefing_auditentry",
    ],
)
def test_the_database_itself_refuses_to_change_the_log(db: None, change: str) -> None:
    AuditEntry.objects.create(at=NOW, act="issue.dispatch")

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(change)


def test_somebody_who_did_something_cannot_be_deleted_only_shut_out(
    desk: Client, owner: User
) -> None:
    AuditEntry.objects.create(at=NOW, act="issue.dispatch", actor=owner)

    with pytest.raises(ProtectedError):
        owner.delete()
    assert desk.post(f"/admin/briefing/user/{owner.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_rows_history_is_its_part_of_the_log(desk: Client) -> None:
    letter = newsletter()
    AuditEntry.objects.create(
        at=NOW, act="newsletter.change", subject="subscribers.newsletter", subject_id=letter.pk
    )
    AuditEntry.objects.create(
        at=NOW, act="newsletter.change", subject="subscribers.newsletter", subject_id=letter.pk + 1
    )

    answer = desk.get(f"/admin/subscribers/newsletter/{letter.pk}/history/", follow=True)

    found = answer.context["cl"].result_list
    assert [entry.subject_id for entry in found] == [str(letter.pk)]


def test_the_log_speaks_in_words_and_counts_its_entries(desk: Client, owner: User) -> None:
    for act in ("issue.dispatch", "account.refused", "nobody.knows"):
        AuditEntry.objects.create(at=NOW, act=act, subject="briefing.issue", subject_id="7")

    shown = desk.get("/admin/briefing/auditentry/").text

    assert "dispatched" in shown
    assert "was not let in" in shown
    assert "nobody.knows" in shown
    assert "issue 7" in shown
    assert "3 audit entries" in shown


def test_every_act_that_is_written_down_has_words() -> None:
    source = "\n".join(path.read_text("utf-8") for path in Path("briefing/admin").rglob("*.py"))
    written = set(
        re.findall(
            r'(?:record\(\s*request|changed|set|added|removed), "([a-z_]+\.[a-z_-]+)"', source
        )
    )
    assert len(written) > 30
    assert [act for act in sorted(written) if in_words(act) == act] == []


def test_an_articles_history_is_its_versions(desk: Client) -> None:
    made = article()

    answer = desk.get(f"/admin/briefing/article/{made.pk}/history/")

    assert answer.status_code == 200
    assert Article.history.filter(id=made.pk).count() == 1


def test_what_came_in_as_files_is_written_down(desk: Client, owner: User) -> None:
    good = SimpleUploadedFile("ferries-dock-themselves.txt", SEEDFILE.encode())
    bad = SimpleUploadedFile("bad.txt", b"Words")

    for _again in range(2):
        good.seek(0)
        desk.post("/admin/articles/import/", {"picked": [good, bad]})

    entry = AuditEntry.objects.get(act="article.import")
    assert (entry.actor, entry.detail) == (owner, {"files": ["ferries-dock-themselves.txt"]})
    assert "files: ferries-dock-themselves.txt" in desk.get("/admin/briefing/auditentry/").text


def test_an_erased_readers_number_may_stay(desk: Client) -> None:
    reader = subscription("reader@example.org").subscriber
    AuditEntry.objects.create(
        at=NOW, act="subscriber.change", subject="subscribers.subscriber", subject_id=reader.pk
    )

    Subscriber.objects.filter(pk=reader.pk).delete()

    assert AuditEntry.objects.filter(subject_id=reader.pk).exists()
