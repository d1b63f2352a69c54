"""Issues on the web: public once they go out, with nobody's name in them."""

import pytest
from django.test import Client

from briefing.models import Issue
from tests import factories

pytestmark = pytest.mark.django_db


def published(*, subject: str = "Robots", intro: str = "") -> Issue:
    issue = factories.issue(subject=subject, intro=intro)
    issue.status, issue.published_at = Issue.Status.PUBLISHED, factories.NOW
    issue.save()
    return issue


def test_an_issue_shows_its_introduction_and_its_articles_in_order(client: Client) -> None:
    issue = published(intro="Hello {{ name|there }}, *welcome*.", subject="For {{ name|you }}")
    text = client.get(issue.get_absolute_url()).content.decode()
    assert "Hello there, <em>welcome</em>." in text
    assert '<h1 lang="en">For you</h1>' in text
    assert "{{" not in text
    assert text.index("Welding cells") < text.index("Ports count")


def test_a_draft_is_nowhere(client: Client) -> None:
    draft = factories.issue()
    assert client.get(draft.get_absolute_url()).status_code == 404
    assert draft.subject not in client.get("/issues/").content.decode()
    assert draft.subject not in client.get("/").content.decode()


def test_issues_are_listed_newest_first(client: Client) -> None:
    published()
    articles = [factories.article("A third")]
    issue = factories.issue(articles=articles, subject="The second issue")
    Issue.objects.filter(pk=issue.pk).update(status=Issue.Status.DISPATCHING)
    text = client.get("/issues/").content.decode()
    assert "No. 1" in text
    assert "The second issue" in text


def test_an_issue_of_another_newsletter_has_its_own_address(client: Client) -> None:
    issue = published()
    assert client.get(f"/issues/another/{issue.number}/").status_code == 404
