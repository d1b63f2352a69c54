"""The desk's first page: what needs doing, how it goes, who reads, and whether the machinery runs."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisDownError

from briefing.admin import duties, pulse, readership
from briefing.dispatch import control, planner, timetable
from briefing.models import Article, Batch, Delivery, Dispatch, EventCount, Fence, User
from subscribers.models import Outbox, SignupRequest
from tests.factories import article, issue, newsletter, noise, subscription
from tests.subscribers.making import confirmed, pending


def sentences(user: User) -> list[str]:
    """Return what waits for somebody."""
    return [duty.sentence for duty in duties.waiting(user, now=timezone.now())]


def test_an_empty_desk_opens(desk: Client) -> None:
    page = desk.get("/admin/").content.decode()

    assert "Nothing is composed yet" in page


def test_the_next_issue_stands_first_with_what_to_do_about_it(desk: Client) -> None:
    draft = issue()

    page = desk.get("/admin/").content.decode()

    assert draft.subject in page
    assert f"/admin/issues/{draft.pk}/dispatch/" in page
    assert f"/admin/issues/{draft.pk}/test/" in page


def test_without_a_draft_the_desk_offers_to_compose(desk: Client) -> None:
    newsletter()
    article()

    page = desk.get("/admin/").content.decode()

    assert "1 published article has not been in an issue." in page
    assert "/admin/issues/compose/" in page


def test_a_stopped_dispatch_is_the_first_thing_to_do(owner: User) -> None:
    subscription("reader@example.org")
    article("A draft", status="draft")
    stopped = control.start(issue(), now=timezone.now())
    control.pause(stopped, reason="the provider refused our password")

    first = duties.waiting(owner, now=timezone.now())[0]

    assert "paused: the provider refused our password" in first.sentence
    assert first.tone == "bad"
    assert first.address.endswith(f"/dispatch/{stopped.pk}/change/")


def test_deliveries_without_an_answer_are_counted_and_lead_to_their_list(owner: User) -> None:
    subscription("reader@example.org")
    running = control.start(issue(), now=timezone.now())
    for number, outcome in enumerate([Delivery.Outcome.UNKNOWN] * 2 + [Delivery.Outcome.ACCEPTED]):
        Delivery.objects.create(
            dispatch=running,
            subscriber_id=number,
            address=number,
            at=timezone.now(),
            outcome=outcome,
        )

    found = [
        duty for duty in duties.waiting(owner, now=timezone.now()) if "no answer" in duty.sentence
    ]

    assert [duty.sentence.split()[0] for duty in found] == ["2"]
    assert f"dispatch={running.pk}&outcome=5" in found[0].address


def test_complaints_above_one_in_a_thousand_lead_to_the_report(owner: User) -> None:
    subscription("reader@example.org")
    sent = control.start(issue(), now=timezone.now())
    planner.plan(sent.pk, ring=lambda _: None)
    Batch.objects.filter(dispatch=sent).update(accepted=1000)
    heard = EventCount.objects.create(dispatch=sent, kind=Delivery.Fate.COMPLAINED, number=1)
    assert not any("complained" in sentence for sentence in sentences(owner))

    heard.number = 2
    heard.save(update_fields=["number"])

    assert any(sentence.startswith("2 readers of") for sentence in sentences(owner))


def test_a_scheduled_issue_is_counted_down_and_its_refusal_is_told(
    desk: Client, owner: User
) -> None:
    waiting = issue(articles=[article()])
    soon = issue(articles=[article("Ports count their cranes twice")])
    at = timezone.now() + timedelta(hours=5)
    timetable.schedule(soon, at=at, zone="UTC", by="olivia")
    page = desk.get("/admin/")
    assert page.context["next_issue"] == soon != waiting
    assert f'data-until="{at.isoformat()}"' in page.content.decode()
    assert not any("would be refused" in sentence for sentence in sentences(owner))

    Article.objects.update(status="draft")

    assert any("would be refused: “Ports" in sentence for sentence in sentences(owner))
    assert any("could not go out yet: “Welding" in sentence for sentence in sentences(owner))


def test_nobody_is_told_of_work_that_is_not_theirs(db: None) -> None:
    Article.objects.create(slug="a", headline="A draft")
    writer = User.objects.create_user("wilma", is_staff=True)
    assert not any("draft" in sentence for sentence in sentences(writer))

    writer.user_permissions.add(Permission.objects.get(codename="change_article"))

    assert "1 article is a draft." in sentences(User.objects.get(pk=writer.pk))


def test_readers_are_counted_as_the_next_issue_would_count_them(db: None) -> None:
    noise()
    now = timezone.now()
    subscription("one@example.org", confirmed_at=now)
    subscription("two@example.org", confirmed_at=now - timedelta(weeks=3))
    subscription("old@example.org", confirmed_at=now - timedelta(weeks=60))
    subscription("left@example.org", confirmed_at=now, state="unsubscribed")

    ours = next(
        each for each in readership.count(now=now) if each.newsletter.slug == newsletter().slug
    )

    assert ours.active == 3
    assert ours.new_this_week == 1
    assert sum(week.readers for week in ours.weeks) == 2
    assert len(ours.weeks) == readership.WEEKS


def test_readers_are_counted_once_and_then_remembered(db: None) -> None:
    subscription("one@example.org")
    readership.count(now=timezone.now())
    subscription("two@example.org")

    assert readership.count(now=timezone.now())[0].active == 1


def test_the_page_opens_when_the_cache_is_away(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription("one@example.org")

    def refuse(*_: object, **__: object) -> None:
        raise RedisDownError

    monkeypatch.setattr("briefing.admin.readership.cache.get", refuse)

    assert "1" in desk.get("/admin/").content.decode()


def late(name: str) -> bool:
    """Whether a kind of work is late now."""
    beats = {str(beat.name): beat.since for beat in pulse.read(now=timezone.now())}
    return beats[name] is not None


def test_all_is_in_time_when_nothing_waits(db: None) -> None:
    assert all(beat.since is None for beat in pulse.read(now=timezone.now()))


def test_a_signup_nobody_answered_is_late_after_two_minutes(db: None) -> None:
    asked = pending("one@example.org")
    long_ago = timezone.now() - timedelta(minutes=3)
    assert not late("Signups are answered")

    SignupRequest.objects.filter(pk=asked.pk).update(state="received", created_at=long_ago)

    assert late("Signups are answered")


def test_a_mail_that_is_owed_too_long_is_late(db: None) -> None:
    pending("one@example.org")
    long_ago = timezone.now() - timedelta(minutes=3)
    Outbox.objects.update(next_at=timezone.now(), state="owed")
    assert not late("Confirmations and welcomes leave")

    Outbox.objects.update(next_at=long_ago)

    assert late("Confirmations and welcomes leave")


def test_a_dispatch_that_no_worker_touches_is_late(db: None) -> None:
    subscription("one@example.org")
    long_ago = timezone.now() - timedelta(minutes=9)
    control.start(issue(), now=timezone.now())
    assert not late("Issues go out")

    Dispatch.objects.update(started_at=long_ago)
    assert late("Issues go out")

    Fence.objects.update_or_create(pk=1, defaults={"heartbeat_at": timezone.now()})
    assert not late("Issues go out")


def test_consent_that_is_not_sealed_in_time_is_late(db: None) -> None:
    # The acts of this reader are dated in March and nothing has sealed them.
    confirmed("one@example.org")

    assert late("Consent is sealed")
