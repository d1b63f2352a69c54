"""Public pages from memory: the same bytes, never stale for long, never anybody's own."""

import gzip

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries, Settings

from briefing.archive import drafts, freshness
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
def test_made_up_ports_and_letters_of_one_host_make_no_other_page(rf: RequestFactory) -> None:
    made: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        made.append(request.get_host())
        return HttpResponse("page")

    middleware = caching.PublicPageMiddleware(caching.public_page(view))
    for host in ("testserver", "testserver:1", "testserver:65535", "TestServer."):
        assert middleware(rf.get("/", headers={"host": host})).content == b"page"
    assert made == ["testserver"]


@pytest.mark.usefixtures("_kept")
def test_parameters_that_mean_nothing_make_no_other_page(rf: RequestFactory) -> None:
    made: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        made.append(request.get_full_path())
        return HttpResponse("page")

    middleware = caching.PublicPageMiddleware(caching.public_page(view))
    for number in range(3):
        assert middleware(rf.get("/", {"utm_source": number})).content == b"page"
    middleware(rf.get("/"))
    assert made == ["/?utm_source=0"]
    middleware(rf.get("/topics/automation/?before=an-article&utm_source=4"))
    middleware(rf.get("/topics/automation/?utm_medium=5&before=an-article"))
    assert len(made) == 2
    for number in range(3):
        middleware(rf.get("/articles/one/", {"before": f"made-up-{number}"}))
    assert len(made) == 3


@pytest.mark.usefixtures("_kept")
def test_nobody_fills_the_memory_with_lists_that_begin_nowhere(client: Client) -> None:
    factories.article()
    for path in ("/topics/automation/", "/authors/ada-noor/", "/archive/2026/3/"):
        answer = client.get(f"{path}?before=made-up&utm_source=mail")
        assert (answer.status_code, answer["Location"]) == (302, path)
        assert "public" not in answer.get("Cache-Control", "")


def test_a_page_that_takes_nothing_says_so(client: Client) -> None:
    for path in ("/", "/feed/", "/robots.txt", "/search/"):
        for answer in (client.post(path), client.put(path), client.options(path)):
            assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


@pytest.mark.usefixtures("_kept")
@pytest.mark.parametrize(
    "path", ["/", "/topics/automation/", "/authors/ada-noor/", "/archive/2026/3/"]
)
def test_no_page_depends_on_a_parameter_that_means_nothing(client: Client, path: str) -> None:
    factories.newsletter()
    factories.notice()
    factories.article()
    freshly = client.get(f"{path}?utm_source=<mail>").content
    assert b"utm_source" not in freshly
    assert freshly == client.get(path).content


@pytest.mark.usefixtures("_kept")
def test_parts_of_pages_are_remembered_by_language_and_article_and_drafts_never(
    client: Client, settings: Settings
) -> None:
    # Each host has pages of its own, and so makes them afresh; the parts are everybody's.
    settings.ALLOWED_HOSTS = ["*"]
    factories.newsletter()
    factories.notice()
    one, other = factories.article("One", body="First."), factories.article("Other", body="Second.")
    for host in ("a.example", "b.example", "c.example"):
        text = client.get(one.get_absolute_url(), headers={"host": host}).content.decode()
        assert "First." in text
    text = client.get(one.get_absolute_url(), headers={"accept-language": "de"}).content.decode()
    assert "Quellen" in text
    assert "Second." in client.get(other.get_absolute_url()).content.decode()
    draft = factories.article("Draft", body="Third.", status="draft", published_at=None)
    path = f"/drafts/{drafts.token_for(draft)}/"
    assert "Third." in client.get(path).content.decode()
    draft.sources.create(publisher="Late", title="Found since")
    assert "Found since" in client.get(path).content.decode()


@pytest.mark.usefixtures("_kept")
def test_every_search_has_its_own_title(client: Client) -> None:
    for words in ("gears", "robots"):
        text = client.get("/search/", {"q": words}).content.decode()
        assert f"<title>{words} - Search" in text


@pytest.mark.usefixtures("_kept")
def test_an_answer_is_remembered_for_its_arguments_however_they_are_given() -> None:
    asked: list[str] = []

    @freshness.remembered
    def read(name: str) -> str:
        asked.append(name)
        return name

    assert [read("a"), read("a"), read(name="b"), read(name="c"), read(name="b")] == [*"aabcb"]
    assert asked == [*"abc"]


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
    refused = client.get("/", headers={"accept-encoding": "gzip;q=0, identity"})
    assert refused.content == plain.content
    assert {"Accept-Encoding", "Accept-Language"} <= set(plain["Vary"].split(", "))


def test_pages_that_know_a_person_are_not_kept(client: Client) -> None:
    for path in ("/search/?q=robots", "/accounts/login/", "/articles/gone/", "/healthz"):
        assert "public" not in client.get(path).get("Cache-Control", "")
