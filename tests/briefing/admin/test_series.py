"""The welcome series at the desk: laid out, looked at, tried, switched, and by the keyboard alone."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from briefing.models import AuditEntry, User
from briefing.transports import single
from subscribers import series, steps
from subscribers.models import Newsletter, SeriesStep
from subscribers.ports import Answer, Mail
from subscribers.steps import Written
from tests.briefing.admin.conftest import holder_of, log_in
from tests.briefing.admin.test_by_keyboard import press, reach, write
from tests.factories import NOW, newsletter, noise
from tests.subscribers.making import confirmed

pytestmark = pytest.mark.django_db
HELLO = {
    "day": 2,
    "subject": "Begin here, {{ name|friend }}",
    "preheader": "",
    "text": "**Hi** there",
}


@pytest.fixture
def row() -> list[SeriesStep]:
    """Lay out two steps, and one of another newsletter."""
    steps.add(noise(), Written(3, "Noise", "", "Noise."), now=NOW)
    days = {2: "Begin here", 5: "How we work"}
    return [
        steps.add(newsletter(), Written(day, subject, "", "Hello {{ name|there }}."), now=NOW)
        for day, subject in days.items()
    ]


def _screen() -> str:
    return f"/admin/series/?newsletter={newsletter().slug}"


def _switch(way: str) -> str:
    return f"/admin/series/{newsletter().slug}/{way}/"


def test_a_step_is_laid_out_looked_at_and_tried(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Mail] = []
    # The provider's double: what it is handed, it takes.

    def take(mail: Mail) -> Answer:
        sent.append(mail)
        return Answer("accepted")

    monkeypatch.setattr(single, "send", take)
    add = f"/admin/series/{newsletter().slug}/add/"

    preview = desk.post(add, HELLO).headers["Location"]
    shown = desk.get(preview).content.decode()
    framed = desk.get(f"{preview}mail/?as=wide")
    plain = desk.get(f"{preview}?as=text").content.decode()
    test = preview.replace("preview", "test")
    told = desk.post(test, {"recipients": "ada@example.org"}, follow=True).content.decode()

    assert "Begin here, friend" in shown
    assert "<strong>Hi</strong> there" in framed.content.decode()
    assert "sandbox" in framed.headers["Content-Security-Policy"]
    assert "*Hi* there" in plain
    # A preview, and a test that is passed on, can unsubscribe nobody.
    assert "/unsubscribe/" not in framed.content.decode() + plain
    assert "the mail server took it" in told
    told_of = [(each.subject, each.recipient) for each in sent]
    assert told_of == [("[Test] Begin here, friend", "ada@example.org")]
    acts = AuditEntry.objects.order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["series.add", "series.test"]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("day", 5, "Another mail of the series has this day."),
        ("day", 0, "greater than or equal to 1"),
        ("subject", "Hello {{ nmae }}", "is not known here"),
        ("text", "{{ address }}", "is not known here"),
        ("text", "", "required"),
    ],
)
def test_what_cannot_be_sent_is_refused_and_nothing_typed_is_lost(
    desk: Client, row: list[SeriesStep], field: str, value: object, said: str
) -> None:
    typed = HELLO | {"day": 9, "preheader": "Typed already", field: value}

    answer = desk.post(f"/admin/series/mails/{row[0].pk}/", typed)

    assert said in str(answer.context["form"].errors)
    assert "Typed already" in answer.content.decode()
    row[0].refresh_from_db()
    assert (row[0].day, row[0].subject) == (2, "Begin here")


def test_steps_are_ordered_changed_and_taken_out(desk: Client, row: list[SeriesStep]) -> None:
    first, second = row

    desk.post(f"/admin/series/mails/{second.pk}/move/", {"up": "1"})
    assert [each.pk for each in steps.of(newsletter())] == [second.pk, first.pk]
    desk.post(f"/admin/series/mails/{first.pk}/", HELLO | {"day": 7})
    desk.post(f"/admin/series/mails/{second.pk}/remove/")

    assert [(each.day, each.pk) for each in steps.of(newsletter())] == [(7, first.pk)]
    assert desk.get(f"/admin/series/mails/{second.pk}/").status_code == 404
    assert SeriesStep.objects.filter(pk=second.pk).exists()


def test_the_numbers_stand_beside_each_step(desk: Client, row: list[SeriesStep]) -> None:
    SeriesStep.objects.filter(pk=row[0].pk).update(accepted=1204, unknown=1, rejected=3, left=17)
    desk.post(_switch("on"))
    confirmed("ada@example.org", now=timezone.now())

    shown = desk.get(_screen()).content.decode()

    cells = ">1,205<", ">3<", ">1<", ">17<"
    assert [each for each in cells if each not in shown] == []
    assert "1 reader is in the midst of it." in shown
    assert "Noise" not in shown


def test_a_series_without_a_mail_is_not_switched_on(desk: Client) -> None:
    newsletter()

    told = desk.post(_switch("on"), follow=True).content.decode()

    assert "needs a mail" in told
    assert not Newsletter.objects.filter(series_on=True).exists()


def test_while_it_is_on_only_whoever_may_send_changes_it(
    desk: Client, row: list[SeriesStep]
) -> None:
    desk.post(_switch("on"))
    editor, address = log_in(holder_of("editor")), f"/admin/series/mails/{row[0].pk}/"

    assert editor.post(address, HELLO).status_code == 403
    assert editor.post(f"{address}move/", {"down": "1"}).status_code == 403
    assert editor.post(f"{address}remove/").status_code == 403
    assert editor.post(f"/admin/series/{newsletter().slug}/add/", HELLO).status_code == 403
    assert "a publisher changes it" in editor.get(_screen()).content.decode()
    assert log_in(holder_of("publisher")).post(address, HELLO).status_code == 302
    desk.post(_switch("off"))
    assert editor.post(address, HELLO).status_code == 302


def test_what_reaches_readers_asks_for_a_second_factor(row: list[SeriesStep]) -> None:
    client = Client()
    client.force_login(holder_of("publisher"))
    address = f"/admin/series/mails/{row[0].pk}/"

    assert client.post(_switch("on")).status_code == 403
    assert client.post(address, HELLO).status_code == 302
    steps.switch_on(newsletter())
    assert client.post(address, HELLO).status_code == 403
    # Stopping never does.
    assert client.post(_switch("off")).status_code == 302
    assert not Newsletter.objects.filter(series_on=True).exists()


def test_a_readers_timeline_has_the_series(desk: Client, row: list[SeriesStep]) -> None:
    steps.switch_on(newsletter())
    reader = confirmed("ada@example.org")
    series.owe_due(now=NOW.replace(day=5), limit=10)

    shown = desk.get(f"/admin/readers/{reader.subscriber_id}/timeline/").content.decode()

    assert "owed: “Begin here” of the welcome series" in shown


@pytest.mark.django_db(transaction=True)
def test_a_series_is_laid_out_by_keyboard_alone(
    owner: User, desk_page: Callable[..., Page]
) -> None:
    of = newsletter()
    steps.add(of, Written(9, "How we work", "", "Slowly."), now=NOW)
    page = desk_page(owner)
    page.goto("/admin/")
    press(page, "Welcome series", role="link")
    press(page, "Add a mail", role="link")
    write(page, "Days after confirming", "20")
    write(page, "Subject", "Begin here")
    write(page, "Text", "Hello.")
    press(page, "Save, and look at it")
    press(page, "Phone", role="link")
    expect(page.locator("iframe.desk-mail--narrow")).to_be_visible()

    page.goto("/admin/series/")
    press(page, "Move up: Begin here")
    expect(page.get_by_text("“Begin here” comes on day 9 now.")).to_be_visible()
    press(page, "Switch it on")

    expect(page.get_by_text("It is on.")).to_be_visible()
    assert [(each.day, each.subject) for each in steps.of(of)] == [
        (9, "Begin here"),
        (20, "How we work"),
    ]
    reach(page, page.get_by_role("link", name="Begin here", exact=True))
