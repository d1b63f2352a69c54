"""Feeds carry the whole text, in the three forms that readers know."""

import json
from datetime import timedelta

import feedparser
import pytest
from django.http import HttpResponseBase
from django.test import Client
from pytest_django import Settings

from briefing.models import Article, Correction
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def _articles() -> None:
    factories.newsletter()
    first = factories.article(
        "China's <gears> & more",
        body='It\'s **here** & "there".',
        image="articles/a-12345678-1600x900.png",
        image_alt="A gear",
        image_credit="Photo by N on O",
    )
    first.sources.create(publisher="Port Weekly", title="Count", url="https://example.org/?a=1&b=2")
    factories.article(
        "Second", authors=["Ben", "Ada Noor"], published_at=factories.NOW - timedelta(1)
    )
    factories.article("Noise", status=Article.Status.DRAFT, published_at=None)


def headers_of(response: HttpResponseBase) -> dict[str, str]:
    return {name.lower(): value for name, value in response.items()}


@pytest.mark.usefixtures("_articles")
@pytest.mark.parametrize(("path", "kind"), [("/feed/", "atom10"), ("/feed/rss/", "rss20")])
def test_a_feed_reader_finds_everything(client: Client, path: str, kind: str) -> None:
    response = client.get(path)
    feed = feedparser.parse(response.content, response_headers=headers_of(response))
    assert not feed.bozo, feed.get("bozo_exception")
    assert feed.version == kind
    assert feed.feed.title == "The Robotics Briefing"
    assert [entry.title for entry in feed.entries] == ["China’s <gears> & more", "Second"]
    entry = feed.entries[0]
    assert entry.link == entry.id == "http://testserver/articles/chinas-gears-more/"
    assert "<strong>here</strong>" in entry.content[-1].value
    assert "https://example.org/?a=1&amp;b=2" in entry.content[-1].value
    assert "/media/articles/a-12345678-1600x900.w1200.jpg" in entry.content[-1].value
    assert [tag.term for tag in entry.tags] == ["Automation"]
    assert [each.name for each in feed.entries[1].authors] == ["Ben", "Ada Noor"]


@pytest.mark.usefixtures("_articles")
def test_the_json_feed_has_what_its_standard_asks_for(client: Client) -> None:
    response = client.get("/feed.json")
    assert response["Content-Type"] == "application/feed+json"
    feed = json.loads(response.content)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == "http://testserver/feed.json"
    assert feed["home_page_url"] == "http://testserver/"
    item = feed["items"][0]
    assert item["id"] == item["url"] == "http://testserver/articles/chinas-gears-more/"
    assert item["title"] == "China’s <gears> & more"
    assert item["date_published"] == "2026-03-02T09:00:00+00:00"
    assert item["authors"] == [{"name": "Ada Noor", "url": "http://testserver/authors/ada-noor/"}]
    assert "<strong>here</strong>" in item["content_html"]
    assert len(feed["items"]) == 2


@pytest.mark.usefixtures("_articles")
def test_a_correction_makes_an_entry_new(client: Client) -> None:
    at = factories.NOW + timedelta(days=3)
    Correction.objects.create(article=Article.objects.get(headline="Second"), text="No.", at=at)
    entries = feedparser.parse(client.get("/feed/").content).entries
    assert [entry.updated for entry in entries] == [
        "2026-03-02T09:00:00+00:00",
        "2026-03-05T09:00:00+00:00",
    ]


@pytest.mark.usefixtures("_articles")
@pytest.mark.parametrize("path", ["/feed/", "/feed/rss/", "/feed.json"])
def test_a_hub_is_named_when_there_is_one(client: Client, settings: Settings, path: str) -> None:
    assert "hub" not in client.get(path).content.decode()
    settings.WEBSUB_HUB = "https://hub.example/"
    assert "https://hub.example/" in client.get(path).content.decode()


@pytest.mark.parametrize("path", ["/feed/", "/feed/rss/", "/feed.json"])
def test_an_empty_archive_is_an_empty_feed(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200
