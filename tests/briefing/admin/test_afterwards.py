"""After a dispatch: open questions answered, the missed reached, mistakes corrected, all mail held."""

import json

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from briefing.admin import following
from briefing.dispatch import control, holding, planner
from briefing.dispatch.alerts import raise_alert
from briefing.models import Alert, AuditEntry, Delivery, Dispatch, Issue
from subscribers.models import Subscriber
from tests.briefing.admin.conftest import holder_of, log_in
from tests.briefing.admin.test_deliveries import deliver
from tests.factories import NOW, issue, newsletter, noise, subscription
from tests.queue import Doorbell
from tests.subscribers.making import confirmed, pending

Outcome = Delivery.Outcome


@pytest.fixture
def finished(db: None) -> Dispatch:
    """Finish a dispatch: one reader has it, one may have it, one was refused, one joined later."""
    noise()
    readers = [subscription(f"reader{number}@example.org") for number in range(3)]
    dispatch = control.start(issue(), now=timezone.now())
    planner.plan(dispatch.pk, ring=lambda _: None)
    deliver(dispatch, *(each.subscriber_id for each in readers))
    rows = Delivery.objects.filter(dispatch=dispatch)
    rows.filter(subscriber_id=readers[1].subscriber_id).update(outcome=Outcome.UNKNOWN)
    rows.filter(subscriber_id=readers[2].subscriber_id).update(outcome=Outcome.REJECTED)
    dispatch.batches.update(
        state="done", done_upto=3, intent_upto=3, accepted=1, unknown=1, rejected=1
    )
    Dispatch.objects.update(state=Dispatch.State.FINISHED)
    subscription("later@example.org")
    dispatch.refresh_from_db()
    return dispatch


def outcome_of(address: str) -> int:
    """Return what became of a reader's newest copy."""
    reader = Subscriber.objects.get(address_key=address)
    return Delivery.objects.filter(subscriber_id=reader.pk).latest("dispatch_id").outcome


def questions(client: Client, dispatch: Dispatch) -> list[int]:
    """Return the readers that the ledger offers to decide about."""
    lines = client.get(f"/admin/deliveries/?dispatch={dispatch.pk}&outcome=5").context["lines"]
    return [line.delivery.subscriber_id for line in lines]


@pytest.mark.parametrize(
    ("verdict", "becomes"),
    [("accept", Outcome.ACCEPTED), ("reject", Outcome.REJECTED), ("resend", Outcome.DEFERRED)],
)
def test_an_open_question_is_answered_for_the_ticked_readers(
    desk: Client, finished: Dispatch, verdict: str, becomes: int
) -> None:
    ticked = questions(desk, finished)
    form = {"dispatch": finished.pk, "outcome": 5, "verdict": verdict, "readers": ticked}

    desk.post("/admin/deliveries/resolve/", form)

    assert outcome_of("reader1@example.org") == becomes
    assert outcome_of("reader0@example.org") == Outcome.ACCEPTED
    entry = AuditEntry.objects.get(act=f"delivery.{verdict}")
    assert entry.detail == {"deliveries": 1}


@pytest.mark.django_db(transaction=True)
def test_sending_again_wakes_a_worker(desk: Client, finished: Dispatch, doorbell: Doorbell) -> None:
    form = {"dispatch": finished.pk, "outcome": 5, "verdict": "resend"}

    desk.post("/admin/deliveries/resolve/", form | {"readers": questions(desk, finished)})

    assert doorbell.rung("briefing.tasks.drain")


@pytest.mark.parametrize(
    "form",
    [
        {"verdict": "accept"},
        {"verdict": "accept", "readers": ["x", "1 OR 1=1"]},
        {"verdict": "forget", "readers": ["1"]},
        {"verdict": "accept", "readers": ["1"], "dispatch": "999"},
    ],
)
def test_a_decision_that_was_not_offered_changes_nothing(
    desk: Client, finished: Dispatch, form: dict[str, object]
) -> None:
    desk.post("/admin/deliveries/resolve/", {"dispatch": finished.pk, "outcome": 5, **form})

    assert outcome_of("reader1@example.org") == Outcome.UNKNOWN
    assert not AuditEntry.objects.filter(act__startswith="delivery.").exists()


@pytest.mark.parametrize("query", ["", "outcome=1", "outcome=5&address=reader1@example.org"])
def test_only_open_questions_of_one_dispatch_are_offered_for_a_decision(
    desk: Client, finished: Dispatch, query: str
) -> None:
    assert not desk.get(f"/admin/deliveries/?{query}").context["decides"]


def test_a_following_dispatch_is_counted_exactly(finished: Dispatch) -> None:
    now = timezone.now()

    assert following.count(finished, "missed", now=now) == 1
    assert following.count(finished, "correction", now=now) == 2


def test_whoever_left_meanwhile_is_not_counted(finished: Dispatch) -> None:
    newsletter().subscriptions.update(state="unsubscribed")

    assert following.count(finished, "missed", now=timezone.now()) == 0
    assert following.count(finished, "correction", now=timezone.now()) == 0


def test_the_missed_get_it_on_the_typed_number_and_as_many_as_were_counted(
    desk: Client, finished: Dispatch
) -> None:
    address = f"/admin/issues/{finished.issue_id}/missed/"
    assert desk.get(address).context["planned"] == 1
    desk.post(address, {"count": "2"})
    assert Dispatch.objects.count() == 1

    desk.post(address, {"count": "1"})

    sent = Dispatch.objects.get(kind=Dispatch.Kind.MISSED)
    planner.plan(sent.pk, ring=lambda _: None)
    assert sent.count.planned == 1
    assert sent.edition == finished.edition


def test_a_correction_says_what_was_wrong_and_goes_to_those_who_have_it(
    desk: Client, finished: Dispatch
) -> None:
    words = {"subject": "Correction: robots", "intro": "The figure was wrong."}

    desk.post(f"/admin/issues/{finished.issue_id}/correction/", {"count": "2", **words})

    sent = Dispatch.objects.get(kind=Dispatch.Kind.CORRECTION)
    planner.plan(sent.pk, ring=lambda _: None)
    assert sent.count.planned == 2
    assert sent.edition != finished.edition
    corrected = Issue.objects.get(pk=finished.issue_id)
    assert (corrected.subject, corrected.intro) == (words["subject"], words["intro"])


@pytest.mark.parametrize(
    ("kind", "words"),
    [("missed", {}), ("correction", {"subject": "Correction: robots", "intro": "Not 7 but 9."})],
)
def test_what_follows_needs_a_second_person_too(
    desk: Client, finished: Dispatch, settings: Settings, kind: str, words: dict[str, str]
) -> None:
    settings.SECOND_PERSON_ABOVE = 1
    outcome = Outcome.REJECTED if kind == "missed" else Outcome.ACCEPTED
    Delivery.objects.filter(dispatch=finished).update(outcome=outcome)
    address = f"/admin/issues/{finished.issue_id}/{kind}/"
    other, sent = log_in(holder_of("publisher")), {"count": "3", **words}

    for _press in range(2):
        desk.post(address, sent)
    assert Dispatch.objects.count() == 1
    assert "Somebody else has to send it" in desk.get(address).text
    shown = other.get(address).text
    assert "Put forward by olivia" in shown
    assert all(word in shown for word in words.values())
    if words:
        # Other words are put forward anew.
        other.post(address, sent | {"intro": "Another."})
        assert Dispatch.objects.count() == 1

    other.post(address, sent)

    assert Dispatch.objects.count() == 2


def test_a_refused_correction_leaves_the_issue_as_it_was(desk: Client, finished: Dispatch) -> None:
    Dispatch.objects.update(state=Dispatch.State.RUNNING)

    answer = desk.post(
        f"/admin/issues/{finished.issue_id}/correction/",
        {"count": "2", "subject": "Correction", "intro": ""},
    )

    assert "Let it end first" in answer.content.decode()
    assert Issue.objects.get(pk=finished.issue_id).subject == "Robots that ask first"


@pytest.mark.parametrize("kind", ["missed", "correction"])
def test_nothing_follows_what_never_went_out(desk: Client, kind: str) -> None:
    assert desk.get(f"/admin/issues/{issue().pk}/{kind}/").status_code == 404


def test_a_finished_dispatch_is_not_resumed_by_the_desk(desk: Client, finished: Dispatch) -> None:
    desk.post(f"/admin/dispatches/{finished.pk}/resume/")

    finished.refresh_from_db()
    assert finished.state == Dispatch.State.FINISHED


def test_holding_stops_everything_and_every_page_says_so(desk: Client, finished: Dispatch) -> None:
    Dispatch.objects.update(state=Dispatch.State.RUNNING)

    desk.post("/admin/mail/hold/", {"reason": "wrong link in the lead"})

    assert holding.held() == "wrong link in the lead (olivia)"
    finished.refresh_from_db()
    assert finished.state == Dispatch.State.HOLDING
    for address in ("/admin/", "/admin/briefing/article/", "/admin/deliveries/"):
        assert "Wrong link in the lead" in desk.get(address).content.decode(), address


def test_letting_go_leaves_each_held_dispatch_to_a_decision(
    desk: Client, finished: Dispatch
) -> None:
    Dispatch.objects.update(state=Dispatch.State.RUNNING)
    holding.hold("test", now=timezone.now())

    looked = desk.get("/admin/mail/hold/").content.decode()
    assert "waits for a decision of its own" in looked
    assert 'name="reason"' not in looked
    desk.post("/admin/mail/hold/", {"reason": "another"})
    assert holding.held() == "test"
    desk.post("/admin/mail/let-go/")

    assert holding.held() == ""
    finished.refresh_from_db()
    assert finished.state == Dispatch.State.HOLDING
    desk.post(f"/admin/dispatches/{finished.pk}/resume/")
    finished.refresh_from_db()
    assert finished.state == Dispatch.State.RUNNING


def test_an_alert_stands_at_the_desk_until_it_is_seen(desk: Client) -> None:
    raise_alert(Alert.Kind.BREAKER, "bulk", "The provider refuses us.", now=NOW)
    assert "The provider refuses us." in desk.get("/admin/").content.decode()

    desk.post(f"/admin/alerts/{Alert.objects.get().pk}/seen/")

    assert "The provider refuses us." not in desk.get("/admin/").content.decode()


def test_a_readers_data_is_exported_in_one_file_and_that_is_written_down(desk: Client) -> None:
    reader = confirmed("anna@example.org").subscriber
    confirmed("ben@example.org")

    answer = desk.post(f"/admin/readers/{reader.pk}/export/")

    told = json.loads(answer.content)
    assert told["address"] == "anna@example.org"
    assert "ben@example.org" not in answer.content.decode()
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert AuditEntry.objects.get(act="subscriber.export").subject_id == str(reader.pk)


def test_nothing_is_exported_by_following_a_link(desk: Client) -> None:
    reader = confirmed("anna@example.org").subscriber

    assert desk.get(f"/admin/readers/{reader.pk}/export/").status_code == 405


@pytest.mark.parametrize(
    ("typed", "gone"), [("ANNA@example.org", True), ("ben@example.org", False), ("", False)]
)
def test_erasing_takes_the_address_of_the_right_person(
    desk: Client, typed: str, *, gone: bool
) -> None:
    reader = confirmed("anna@example.org").subscriber
    confirmed("ben@example.org")
    pending("anna@example.org")

    desk.post(f"/admin/readers/{reader.pk}/erase/", {"address": typed})

    reader.refresh_from_db()
    assert (reader.erased_at is not None) is gone
    assert Subscriber.objects.filter(address_key="ben@example.org").exists()
    assert AuditEntry.objects.filter(act="subscriber.erase").exists() is gone
