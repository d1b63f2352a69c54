"""The weekly digest: made by itself, once a week, for those who chose it and nobody else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from briefing import tasks
from briefing.dispatch import control, planner, sender
from briefing.issues import digest, lifecycle
from briefing.issues.copies import public
from briefing.models import Article, Dispatch, Issue
from subscribers.models import Subscription
from tests import factories
from tests.briefing.dispatch.making import Provider
from tests.briefing.transports.messages import parsed, parts

pytestmark = pytest.mark.django_db

SATURDAY = datetime(2026, 11, 28, 7, 0, tzinfo=UTC)


def went_out(*headlines: str, at: datetime, of: str = "the-robotics-briefing") -> Issue:
    """Make an issue that went out."""
    articles = [factories.article(each) for each in headlines]
    made = factories.issue(factories.newsletter(of), articles=articles)
    Issue.objects.filter(pk=made.pk).update(published_at=at, status=Issue.Status.PUBLISHED)
    return made


def headlines(issue: Issue) -> list[str]:
    return [item.article.headline for item in issue.items.select_related("article")]


def test_it_carries_what_the_weeks_issues_carried_newest_first() -> None:
    went_out("Long ago", at=SATURDAY - timedelta(days=8))
    went_out("Monday", "Monday too", at=SATURDAY - timedelta(days=5))
    went_out("Friday", at=SATURDAY - timedelta(days=1))
    went_out("Elsewhere", at=SATURDAY - timedelta(days=1), of="another")
    factories.issue(articles=[factories.article("A draft")])
    made = digest.compose(factories.newsletter(), now=SATURDAY)
    assert headlines(made) == ["Friday", "Monday", "Monday too"]
    assert (made.kind, made.number) == (Issue.Kind.DIGEST, 202648)
    assert (made.subject, made.preheader) == ("This week: Friday", "And 2 more articles")


def test_an_article_that_was_withdrawn_meanwhile_is_not_in_it() -> None:
    went_out("Friday", "Wrong", at=SATURDAY - timedelta(days=1))
    Article.objects.filter(headline="Wrong").update(status=Article.Status.WITHDRAWN)
    assert headlines(digest.compose(factories.newsletter(), now=SATURDAY)) == ["Friday"]


def test_nothing_is_told_twice_and_nothing_between_two_digests_is_lost() -> None:
    went_out("Friday", at=SATURDAY - timedelta(days=1))
    first = digest.compose(factories.newsletter(), now=SATURDAY)
    # It went out late, and the next one is on time.
    late = SATURDAY + timedelta(hours=5)
    Issue.objects.filter(pk=first.pk).update(published_at=late, status=Issue.Status.PUBLISHED)
    went_out("Saturday night", at=late + timedelta(hours=1))
    second = digest.compose(factories.newsletter(), now=SATURDAY + timedelta(days=7))
    assert headlines(second) == ["Saturday night"]


def test_a_week_without_an_issue_has_no_digest() -> None:
    with pytest.raises(digest.NothingToDigestError):
        digest.compose(factories.newsletter(), now=SATURDAY)
    assert not Issue.objects.exists()


def test_composing_twice_makes_one() -> None:
    went_out("Friday", at=SATURDAY - timedelta(days=1))
    home = factories.newsletter()
    assert digest.compose(home, now=SATURDAY) == digest.compose(home, now=SATURDAY)


def test_a_headline_with_braces_is_no_expression() -> None:
    went_out("Why {{ shipping }} fails", at=SATURDAY - timedelta(days=1))
    made = digest.compose(factories.newsletter(), now=SATURDAY)
    factories.subscription("weekly@mail.example", frequency="digest")
    mails: list[Any] = []
    dispatch = control.start(made, now=SATURDAY)
    planner.plan(dispatch.pk, ring=lambda _id: None)
    sender.drain(dispatch.pk, Provider(before=lambda copy: mails.append(copy.payload)))
    (mail,) = map(parsed, mails)
    assert mail["Subject"] == "This week: Why { { shipping }} fails"
    assert ["Why {{ shipping }} fails" in text for text in parts(mail).values()] == [True, True]


def test_its_hour_is_the_newsletters_own_and_is_made_up_for_within_the_week() -> None:
    home = factories.newsletter(time_zone="America/New_York")
    assert not digest.due(home, now=SATURDAY)
    assert digest.due(home, now=SATURDAY + timedelta(hours=5))
    assert digest.due(home, now=SATURDAY + timedelta(days=1, hours=9))
    assert not digest.due(home, now=SATURDAY + timedelta(days=3))


def test_it_takes_no_number_and_no_article_away_from_the_issues() -> None:
    went_out("Friday", at=SATURDAY - timedelta(days=1))
    made = digest.compose(factories.newsletter(), now=SATURDAY)
    Issue.objects.filter(pk=made.pk).update(published_at=SATURDAY, status="published")
    fresh = factories.article("Fresh")
    assert lifecycle.unused_articles(factories.newsletter()) == [fresh]
    assert factories.issue(articles=[fresh]).number == 2
    latest = lifecycle.latest_issue(factories.newsletter())
    assert latest is not None
    assert latest.number == 1


def beat_at(now: datetime, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tasks, "database_now", lambda: now)
    tasks.compose_digests()


def test_beat_sends_it_once_to_who_chose_it_and_counts_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    factories.noise()
    factories.subscription("every@mail.example")
    factories.subscription("weekly@mail.example", frequency="digest")
    resting = timezone.now().date() + timedelta(days=300)
    factories.subscription("resting@mail.example", frequency="digest", paused_until=resting)
    went_out("Friday", "Thursday", at=SATURDAY - timedelta(days=1))
    for hours in (-1, 0, 1, 30):
        beat_at(SATURDAY + timedelta(hours=hours), monkeypatch)
    dispatch = Dispatch.objects.get()
    planner.plan(dispatch.pk, ring=lambda _id: None)
    provider = Provider()
    sender.drain(dispatch.pk, provider)
    assert provider.received == ["weekly@mail.example"]
    dispatch.count.refresh_from_db()
    assert dispatch.count.excluded == {"every": 1, "paused": 1}
    copy = public(dispatch.edition.variants.get(), dispatch.issue)
    for part in (copy.text, copy.html):
        assert "Weekly digest" in part
        assert "Friday" in part
        assert "Thursday" in part


def test_beat_makes_none_where_nobody_would_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.subscription("every@mail.example")
    went_out("Friday", at=SATURDAY - timedelta(days=1))
    beat_at(SATURDAY, monkeypatch)
    assert not Dispatch.objects.exists()


def test_whoever_changes_to_the_digest_gets_no_further_issue() -> None:
    mine = factories.subscription("ada@mail.example")
    factories.subscription("other@mail.example")
    Subscription.objects.filter(pk=mine.pk).update(frequency="digest")
    dispatch = control.start(factories.issue(), now=timezone.now())
    planner.plan(dispatch.pk, ring=lambda _id: None)
    dispatch.count.refresh_from_db()
    assert dispatch.count.excluded == {"digest": 1}


def test_the_command_composes_and_sends(capsys: pytest.CaptureFixture[str]) -> None:
    factories.subscription("weekly@mail.example", frequency="digest")
    went_out("Friday", at=timezone.now() - timedelta(days=1))
    call_command("compose_digest", "the-robotics-briefing")
    assert "1 articles" in capsys.readouterr().out
    assert not Dispatch.objects.exists()
    call_command("compose_digest", "the-robotics-briefing", "--dispatch")
    assert Dispatch.objects.get().issue.kind == Issue.Kind.DIGEST
    with pytest.raises(CommandError, match="dispatched already"):
        call_command("compose_digest", "the-robotics-briefing", "--dispatch")


def test_its_page_is_there_but_not_among_the_issues(client: Client) -> None:
    went_out("Friday", at=SATURDAY - timedelta(days=1))
    made = digest.compose(factories.newsletter(), now=SATURDAY)
    Issue.objects.filter(pk=made.pk).update(published_at=SATURDAY, status="published")
    assert "weekly digest" in client.get(made.get_absolute_url()).content.decode()
    assert made.get_absolute_url() not in client.get("/issues/").content.decode()
