"""What is not out yet: shown by a link that ends, and nowhere else."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from briefing.archive import drafts
from briefing.models import Article
from tests.factories import article

pytestmark = pytest.mark.django_db


def embargoed() -> Article:
    """Publish an article from tomorrow on."""
    return article("Under embargo", published_at=timezone.now() + timedelta(days=1))


def test_an_article_under_embargo_is_shown_nowhere_until_its_moment(client: Client) -> None:
    piece = embargoed()
    places = ["/", "/feed/", "/feed/rss/", "/feed.json", "/sitemap.xml", "/search/?q=embargo"]
    places += ["/archive/", "/topics/automation/"]

    for place in places:
        page = client.get(place).content.decode()
        assert piece.slug not in page, place
        assert piece.headline not in page, place
    assert client.get("/authors/ada-noor/").status_code == 404
    assert client.get(piece.get_absolute_url()).status_code == 404
    assert client.get(f"{piece.get_absolute_url()}card.jpg").status_code == 404

    with time_machine.travel(timezone.now() + timedelta(days=2)):
        assert client.get(piece.get_absolute_url()).status_code == 200
        assert piece.slug in client.get("/feed/").content.decode()


def test_a_draft_link_shows_the_page_to_people_without_a_login_and_keeps_it_out_of_caches(
    client: Client,
) -> None:
    draft = article("Not out yet", status="draft", published_at=None)

    answer = client.get(f"/drafts/{drafts.token_for(draft)}/")

    assert "Not out yet" in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert 'name="robots" content="noindex' in answer.content.decode()


def test_a_draft_link_ends_after_a_week_and_cannot_be_made_up(client: Client) -> None:
    draft = article("Not out yet", status="draft", published_at=None)
    token = drafts.token_for(draft)

    assert client.get("/drafts/made-up/").status_code == 404
    assert client.get(f"/drafts/{token[:-1]}/").status_code == 404
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        over = client.get(f"/drafts/{token}/")
        assert (over.status_code, over.headers["Cache-Control"]) == (410, "no-store")
        assert "Not out yet" not in over.content.decode()
        Article.objects.update(status="published", published_at=timezone.now())
        assert client.get(f"/drafts/{token}/").headers["Location"] == draft.get_absolute_url()


def test_a_draft_link_leads_to_the_page_once_it_is_public_and_shows_nothing_withdrawn(
    client: Client,
) -> None:
    piece = article()
    token = drafts.token_for(piece)

    assert client.get(f"/drafts/{token}/").headers["Location"] == piece.get_absolute_url()
    Article.objects.update(status="withdrawn")
    assert client.get(f"/drafts/{token}/").status_code == 404
