"""A mail is owed once, claimed by one worker, and settled with the provider's answer."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine

from subscribers import address, consent, moving, outbox, ports, sending
from subscribers.models import Outbox, SignupRequest, Subscription
from subscribers.ports import Answer
from subscribers.suppression import Reason, suppress
from tests.subscribers import making
from tests.subscribers.post import ISSUE, Post

pytestmark = pytest.mark.django_db
ANNA = "anna@example.com"
NOW = making.NOW


@pytest.fixture
def owed() -> Outbox:
    making.noise()
    making.pending(ANNA)
    return Outbox.objects.get()


def _later(**span: float) -> time_machine.travel:
    return time_machine.travel(NOW + timedelta(**span), tick=False)


def test_a_mail_owed_twice_is_owed_once(owed: Outbox) -> None:
    again = Outbox(purpose=owed.purpose, dedupe_key=owed.dedupe_key, signup=owed.signup)

    assert outbox.owe(again, now=NOW) is None
    assert Outbox.objects.count() == 1


def test_an_accepted_mail_is_done(owed: Outbox, post: Post) -> None:
    with _later(seconds=1):
        sending.send(owed.pk)
        sending.send(owed.pk)

    owed.refresh_from_db()
    assert (owed.state, owed.code, owed.attempts) == ("accepted", "250 ok", 1)
    assert owed.finished_at == NOW + timedelta(seconds=1)
    assert len(post.mails) == 1


def test_a_rejected_mail_is_not_tried_again(owed: Outbox, post: Post) -> None:
    post.answers = [Answer("rejected", "550 5.1.1")]

    with _later(hours=0):
        sending.send(owed.pk)
    with _later(hours=2):
        assert sending.send_due() == 0

    owed.refresh_from_db()
    assert (owed.state, owed.code) == ("rejected", "550 5.1.1")


@pytest.mark.parametrize("answer", [Answer("deferred", "451"), ConnectionRefusedError(111)])
def test_a_deferred_mail_backs_off_and_arrives(
    owed: Outbox, post: Post, answer: Answer | Exception
) -> None:
    post.answers = [answer] * 5
    minutes = 0

    for wait in (1, 5, 15, 60, 60):
        with _later(minutes=minutes):
            assert sending.send_due() == 1
        with _later(minutes=minutes + wait - 0.1):
            assert sending.send_due() == 0
        minutes += wait

    with _later(minutes=minutes):
        sending.send_due()
    owed.refresh_from_db()
    assert (owed.state, owed.attempts) == ("accepted", 6)
    assert len({mail.reference for mail in post.mails}) == 1


def test_after_a_day_it_is_given_up(owed: Outbox, post: Post) -> None:
    post.answers = [Answer("deferred", "451 later")] * 5

    for minutes in (0, 1, 6, 21, 81):
        with _later(hours=24, minutes=minutes):
            assert sending.send_due() == 1

    owed.refresh_from_db()
    assert (owed.state, owed.code, owed.attempts) == ("rejected", "451 later", 5)


def test_a_mail_whose_worker_died_leaves_again_after_the_lease(owed: Outbox, post: Post) -> None:
    outbox.claim(owed.pk, now=NOW)

    with _later(seconds=119):
        assert sending.send_due() == 0
    with _later(seconds=120):
        assert sending.send_due() == 1

    owed.refresh_from_db()
    assert (owed.state, owed.attempts) == ("accepted", 2)


def test_a_worker_that_slept_past_its_lease_settles_nothing(owed: Outbox) -> None:
    asleep = outbox.claim(owed.pk, now=NOW)
    outbox.claim(owed.pk, now=NOW + outbox.LEASE)

    assert asleep
    outbox.settle(asleep, Outbox.State.REJECTED, now=NOW + outbox.LEASE)

    owed.refresh_from_db()
    assert owed.state == "leaving"


def test_a_mail_that_cannot_be_written_does_not_stop_the_next(
    owed: Outbox, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    making.pending("bert@example.com", now=NOW + timedelta(seconds=1))
    Outbox.objects.filter(pk=owed.pk).update(newsletter=None)

    with _later(minutes=1):
        assert sending.send_due() == 2

    owed.refresh_from_db()
    assert (owed.state, owed.code) == ("owed", "ValueError")
    assert [mail.recipient for mail in post.mails] == ["bert@example.com"]


def test_a_confirmation_that_was_disowned_is_not_written(owed: Outbox, post: Post) -> None:
    SignupRequest.objects.update(state="disowned")

    with _later(hours=0):
        sending.send(owed.pk)

    owed.refresh_from_db()
    assert owed.state == "dropped"
    assert post.mails == []


def _welcome() -> Outbox:
    making.confirmed(ANNA)
    return Outbox.objects.get(purpose="welcome")


@pytest.mark.parametrize("reason", [Reason.MANUAL, Reason.COMPLAINT])
def test_whoever_must_not_be_written_to_since_is_asked_nothing(
    owed: Outbox, post: Post, reason: Reason
) -> None:
    mover = making.confirmed("mover@example.com")
    asked = moving.ask(mover, address.parse("moved@example.org"), now=NOW)
    told = moving.ask(mover, address.parse("third@example.org"), now=NOW)
    assert asked
    assert told
    changed = moving.confirm(Outbox.objects.get(pk=told), origin=consent.NOWHERE, now=NOW)
    for key in (ANNA, "moved@example.org", "mover@example.com"):
        suppress(key, reason, now=NOW)

    assert changed
    for pk in (owed.pk, asked, changed):
        with _later(hours=1):
            sending.send(pk)
        assert Outbox.objects.get(pk=pk).state == "dropped"
    assert post.mails == []


def test_the_confirmation_holds_nothing_of_the_visitors_own(owed: Outbox, post: Post) -> None:
    with _later(hours=0):
        sending.send(owed.pk)

    (mail,) = post.mails
    assert mail.recipient == ANNA
    assert mail.from_address == "briefing@robotics-briefing.example"
    assert mail.headers == {"Auto-Submitted": "auto-generated"}
    for part in (mail.text, mail.html):
        assert "/confirm/" in part
        assert "/disown/" in part
        assert "/x/" not in part


def test_the_welcome_brings_the_latest_issue_and_the_clients_own_button(post: Post) -> None:
    post.latest = ISSUE
    row = _welcome()

    with _later(hours=0):
        sending.send(row.pk)

    (mail,) = post.mails
    assert "Robots at sea" in mail.text
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.headers["List-Unsubscribe"].startswith("<http://testserver/one-click/")
    assert post.link("preferences") in mail.html


def test_the_welcome_is_not_owed_to_whoever_has_left_or_must_not_be_written_to(post: Post) -> None:
    row = _welcome()
    Subscription.objects.filter(subscriber=row.subscriber).update(state="unsubscribed")
    with _later(hours=0):
        sending.send(row.pk)

    Subscription.objects.filter(subscriber=row.subscriber).update(state="active")
    Outbox.objects.filter(pk=row.pk).update(state="owed", next_at=NOW)
    suppress(ANNA, Reason.COMPLAINT, now=NOW)
    with _later(hours=0):
        sending.send(row.pk)

    assert post.mails == []


def test_a_mail_is_written_in_the_readers_language(post: Post) -> None:
    making.pending(ANNA, origin=replace(making.origin(), locale="de"))

    sending.send(Outbox.objects.get().pk)

    assert 'lang="de"' in post.mails[0].html


def test_nothing_is_handed_over_before_publishing_has_answered_for_itself(
    owed: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "_publishing", None)

    with _later(hours=0):
        sending.send(owed.pk)

    owed.refresh_from_db()
    assert (owed.state, owed.code) == ("owed", "RuntimeError")


def test_no_address_reaches_a_log_line(
    owed: Outbox, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    post.answers = [ValueError(f"{ANNA} was refused")]

    with _later(hours=0):
        sending.send(owed.pk)

    assert "outbox.error" in caplog.text
    assert ANNA not in caplog.text
