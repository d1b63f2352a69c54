"""Public pages from memory: the same bytes, never stale for long, never anybody's own."""

import gzip

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries, Settings

from briefing.archive import freshness
from briefing.models import Article
from briefing.web import caching
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def _kept(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep pages as a real copy does, and ask for changes at every request."""
    settings.PAGE_CACHE_SECONDS = 60
    monkeypatch.setattr(freshness, "_SECONDS_BETWEEN_QUESTIONS", 0.0)


@pytest.mark.usefixtures("_kept")
def test_a_page_from_memory_is_the_same_and_asks_for_changes_only(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    article = factories.article()
    first = client.get(article.get_absolute_url())
    with django_assert_max_num_queries(4):
        second = client.get(article.get_absolute_url())
    assert first.content == second.content
    assert dict(first.items()) == dict(second.items())
    assert "default-src 'none'" in second["Content-Security-Policy"]


@pytest.mark.usefixtures("_kept")
def test_a_change_is_seen_at_once(client: Client) -> None:
    article = factories.article()
    client.get("/")
    article.headline = "Another headline"
    article.save()
    assert "Another headline" in client.get("/").content.decode()
    article.status = Article.Status.WITHDRAWN
    article.save()
    assert "Another headline" not in client.get("/").content.decode()
    assert client.get(article.get_absolute_url()).status_code == 404


@pytest.mark.usefixtures("_kept")
def test_readers_of_another_language_and_host_have_pages_of_their_own(
    client: Client, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "other.example"]
    factories.notice("privacy", text="# Privacy policy\n\nEnglish wording.")
    factories.notice("privacy", locale="de", text="# Datenschutz\n\nDeutscher Wortlaut.")
    assert "English wording." in client.get("/privacy/").content.decode()
    german = client.get("/privacy/", headers={"accept-language": "de-AT,de;q=0.9"})
    assert "Deutscher Wortlaut." in german.content.decode()
    assert "Accept-Language" in german["Vary"]
    assert client.get("/privacy/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.usefixtures("_kept")
def test_parameters_that_mean_nothing_fill_no_memory(rf: RequestFactory) -> None:
    middleware = caching.PublicPageMiddleware(caching.public_page(lambda _: HttpResponse("page")))
    for number in range(3):
        assert middleware(rf.get("/", {"utm_source": number})).content == b"page"
    assert not middleware.pages
    middleware(rf.get("/", {"before": "an-article"}))
    assert len(middleware.pages) == 1


def test_who_has_the_page_already_is_told_so(client: Client) -> None:
    factories.article()
    for path in ("/", "/feed/", "/feed.json", "/sitemap.xml"):
        etag = client.get(path)["ETag"]
        assert etag.startswith('"')
        answer = client.get(path, headers={"if-none-match": etag})
        assert answer.status_code == 304
        assert not answer.content
        assert answer["ETag"] == etag
        assert "Vary" in answer
        assert client.get(path, headers={"if-none-match": '"other"'}).status_code == 200


def test_a_browser_that_can_gets_the_page_compressed(client: Client) -> None:
    factories.article()
    plain = client.get("/")
    squeezed = client.get("/", headers={"accept-encoding": "gzip, deflate, br"})
    assert squeezed["Content-Encoding"] == "gzip"
    assert gzip.decompress(squeezed.content) == plain.content
    assert squeezed["ETag"] != plain["ETag"]
    assert {"Accept-Encoding", "Accept-Language"} <= set(plain["Vary"].split(", "))


def test_pages_that_know_a_person_are_not_kept(client: Client) -> None:
    for path in ("/search/?q=robots", "/accounts/login/", "/articles/gone/", "/healthz"):
        assert "public" not in client.get(path).get("Cache-Control", "")
