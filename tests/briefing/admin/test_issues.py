"""Composing an issue at the desk, looking at it and trying it."""

import pytest
from django.core import mail
from django.test import Client
from playwright.sync_api import Page

from briefing.admin import trying
from briefing.models import AuditEntry, Issue, User
from subscribers import ports
from tests.factories import article, issue, newsletter


def test_an_expression_no_reader_has_a_value_for_is_refused_where_it_stands(desk: Client) -> None:
    newsletter()
    carried = article()

    answer = desk.post(
        "/admin/issues/compose/",
        {"subject": "Hello {{ first_name }}", "articles": [carried.pk]},
    )

    assert "first_name" in str(answer.context["form"].errors["subject"])
    assert not Issue.objects.exists()


def test_without_a_newsletter_the_desk_says_what_to_do_first(desk: Client) -> None:
    answer = desk.get("/admin/issues/compose/", follow=True)

    assert "There is no newsletter yet" in answer.content.decode()


def test_a_dispatched_issue_cannot_be_changed_or_deleted(desk: Client) -> None:
    gone = issue()
    Issue.objects.filter(pk=gone.pk).update(status=Issue.Status.PUBLISHED)
    address = f"/admin/briefing/issue/{gone.pk}"

    assert desk.post(f"{address}/change/", {"subject": "Another"}).status_code == 403
    assert desk.post(f"{address}/delete/", {"post": "yes"}).status_code == 403
    gone.refresh_from_db()
    assert gone.subject == "Robots that ask first"


def test_the_preview_shows_subject_mail_and_text_with_the_editor_as_reader(
    desk: Client, owner: User
) -> None:
    User.objects.filter(pk=owner.pk).update(first_name="Olivia <b>")
    looked_at = issue(subject="For {{ name|you }}", intro="Hello {{ name|there }}")

    screen = desk.get(f"/admin/issues/{looked_at.pk}/preview/").content.decode()
    text = desk.get(f"/admin/issues/{looked_at.pk}/preview/?as=text").content.decode()
    framed = desk.get(f"/admin/issues/{looked_at.pk}/preview/mail/").content.decode()

    assert "For Olivia &lt;b&gt;" in screen
    assert "Hello Olivia" in text
    assert "Hello Olivia &lt;b&gt;" in framed
    assert "slot.invalid" not in framed


def test_the_framed_mail_can_do_nothing_even_when_opened_by_itself(desk: Client) -> None:
    framed = desk.get(f"/admin/issues/{issue().pk}/preview/mail/")

    policy = framed.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "script-src 'none'" in policy
    assert "form-action 'none'" in policy
    assert "frame-ancestors 'self'" in policy


def test_an_issue_that_cannot_be_a_mail_says_what_to_mend(desk: Client) -> None:
    broken = issue()
    Issue.objects.filter(pk=broken.pk).update(intro="{{ surname }}")

    screen = desk.get(f"/admin/issues/{broken.pk}/preview/")
    framed = desk.get(f"/admin/issues/{broken.pk}/preview/mail/")

    assert "cannot become a mail yet" in screen.content.decode()
    assert "surname" in screen.content.decode()
    assert framed.status_code == 409


def test_a_test_goes_to_the_editors_own_address_unless_told_otherwise(desk: Client) -> None:
    tried = issue()

    form = desk.get(f"/admin/issues/{tried.pk}/test/").context["form"]

    assert form["recipients"].value() == "olivia@desk.example"


def test_a_test_is_sent_to_each_address_and_the_answers_are_shown(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[ports.Mail] = []

    class Provider:
        def send(self, each: ports.Mail) -> ports.Answer:
            sent.append(each)
            refused = each.recipient.startswith("no")
            return ports.Answer("rejected", "550 nobody") if refused else ports.Answer("accepted")

    monkeypatch.setattr(ports, "_publishing", Provider())
    tried = issue()

    answer = desk.post(
        f"/admin/issues/{tried.pk}/test/",
        {"recipients": "ann@example.org, no@example.org\n ANN@example.org"},
        follow=True,
    )

    assert {each.recipient for each in sent} >= {"ann@example.org", "no@example.org"}
    assert all("Test" in each.subject for each in sent)
    page = answer.content.decode()
    assert "ann@example.org: the mail server took it." in page
    assert "no@example.org: refused (550 nobody)." in page
    assert not mail.outbox

    sent.clear()
    Issue.objects.filter(pk=tried.pk).update(second_subject="A robot raises its hand")
    answer = desk.post(
        f"/admin/issues/{tried.pk}/test/", {"recipients": "ann@example.org"}, follow=True
    )
    assert [each.subject for each in sent] == [
        "[Test A] Robots that ask first",
        "[Test B] A robot raises its hand",
    ]
    assert "ann@example.org (second subject): the mail" in answer.content.decode()


def test_nobody_writes_to_the_world_in_tests(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "MAX_IN_AN_HOUR", 2)
    address = f"/admin/issues/{issue().pk}/test/"
    two = {"recipients": "a@example.org, b@example.org"}
    assert desk.post(address, two).status_code == 302

    answer = desk.post(address, {"recipients": "c@example.org"})

    assert "that is all for now" in answer.text
    assert AuditEntry.objects.filter(act="issue.test").count() == 1


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("not an address", "@"),
        ("\n".join(f"r{number}@example.org" for number in range(6)), "Five at most"),
        ("", "required"),
    ],
)
def test_a_test_asks_for_a_few_addresses_that_mail_can_be_written_to(
    desk: Client, typed: str, why: str
) -> None:
    answer = desk.post(f"/admin/issues/{issue().pk}/test/", {"recipients": typed})

    assert why in str(answer.context["form"].errors["recipients"])


@pytest.mark.django_db(transaction=True)
def test_the_framed_mail_is_seen(owner: User, desk_page: "type[Page]") -> None:
    looked_at = issue()
    page = desk_page(owner)

    page.goto(f"/admin/issues/{looked_at.pk}/preview/")

    mail_frame = page.frame_locator("iframe.desk-mail")
    assert mail_frame.get_by_text("Welding cells learn to ask for help").first.is_visible()
