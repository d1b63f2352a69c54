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
from tests.briefing.web import json_feed
from tests.briefing.web.test_hard_cases import crowded

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
    assert entry.link == "http://testserver/articles/chinas-gears-more/"
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
    assert json_feed.faults(feed) == []
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == "http://testserver/feed.json"
    assert feed["home_page_url"] == "http://testserver/"
    item = feed["items"][0]
    assert item["url"] == "http://testserver/articles/chinas-gears-more/"
    assert item["title"] == "China’s <gears> & more"
    assert item["date_published"] == "2026-03-02T09:00:00+00:00"
    assert item["authors"] == [{"name": "Ada Noor", "url": "http://testserver/authors/ada-noor/"}]
    assert "<strong>here</strong>" in item["content_html"]
    assert len(feed["items"]) == 2


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ({"title": None}, "feed.title: None is not what belongs there"),
        ({"items": [{"id": "1", "content_html": "x", "date_published": "2026-03-02"}]}, "[0].date"),
        ({"items": [{"id": "1"}]}, "feed.items[0]: has no content"),
        ({"items": [{"id": 1, "content_text": "x"}]}, "feed.items[0].id: 1"),
        ({"items": [{"id": "1", "content_text": "x"}] * 2}, "the same id"),
        ({"authors": [{}]}, "feed.authors[0]: has neither"),
        ({"hubs": [{"type": "WebSub"}]}, "feed.hubs[0].url: is missing"),
        ({"colour": "red"}, "feed.colour: is unknown"),
    ],
)
def test_the_schema_finds_what_is_wrong(broken: dict[str, object], fault: str) -> None:
    feed = {"version": json_feed.VERSION, "title": "Feed", "items": []}
    assert json_feed.faults(feed | {"_ours": 1}) == []
    assert fault in "\n".join(json_feed.faults(feed | broken))


def test_hard_articles_make_good_feeds(client: Client) -> None:
    crowded()
    factories.article("No byline", authors=[], topic=None, dek="A <b>bold</b> & plain dek", body="")
    assert json_feed.faults(json.loads(client.get("/feed.json").content)) == []
    for path in ("/feed/", "/feed/rss/"):
        feed = feedparser.parse(client.get(path).content)
        assert not feed.bozo, feed.get("bozo_exception")
        (bare,) = (entry for entry in feed.entries if entry.title == "No byline")
        assert bare.summary == "A &lt;b&gt;bold&lt;/b&gt; &amp; plain dek"


def test_a_feed_speaks_the_language_of_its_texts_whoever_fetches_it(client: Client) -> None:
    factories.article()
    text = client.get("/feed/", headers={"accept-language": "de"}).content.decode()
    assert "Sources" in text
    assert "Quellen" not in text
    factories.article("Zellen lernen fragen", locale="de")
    told = feedparser.parse(client.get("/feed/").content).entries
    assert {each.title_detail.language for each in told} == {"en", "de"}


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
def test_a_new_address_makes_no_entry_new(client: Client) -> None:
    def ids() -> list[list[str]]:
        feeds = [feedparser.parse(client.get(path).content) for path in ("/feed/", "/feed/rss/")]
        items = json.loads(client.get("/feed.json").content)["items"]
        assert feeds[0].entries[1].link == feeds[1].entries[1].link == items[1]["url"]
        return [[e.id for e in feed.entries] for feed in feeds] + [[e["id"] for e in items]]

    before = ids()
    Article.objects.filter(headline="Second").update(slug="second-thoughts")
    assert ids() == before
    assert len(set(before[0])) == 2


@pytest.mark.usefixtures("_articles")
@pytest.mark.parametrize("path", ["/feed/", "/feed/rss/", "/feed.json"])
def test_a_hub_is_named_when_there_is_one(client: Client, settings: Settings, path: str) -> None:
    assert "hub" not in client.get(path).content.decode()
    settings.WEBSUB_HUB = "https://hub.example/"
    answer = client.get(path).content.decode()
    assert "https://hub.example/" in answer
    assert path != "/feed.json" or json_feed.faults(json.loads(answer)) == []


@pytest.mark.parametrize("path", ["/feed/", "/feed/rss/", "/feed.json"])
def test_an_empty_archive_is_an_empty_feed(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    if path == "/feed.json":
        assert json_feed.faults(json.loads(answer.content)) == []
    else:
        assert not feedparser.parse(answer.content).bozo
