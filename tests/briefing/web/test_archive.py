"""The archive's pages: what they show, and what they keep to themselves."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from briefing.models import Article, Author, Correction, Source, WatchItem
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def _unpublished() -> None:
    """Noise: what no visitor may see."""
    for headline, values in (
        ("Draft noise", {"status": Article.Status.DRAFT, "published_at": None}),
        ("Withdrawn noise", {"status": Article.Status.WITHDRAWN}),
        ("Embargoed noise", {"published_at": timezone.now() + timedelta(days=1)}),
    ):
        factories.article(
            headline, authors=["Nobody Yet"], topic=factories.topic("Noise"), **values
        )


def text_of(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, path
    return response.content.decode()


def test_an_article_shows_every_part_of_the_form(client: Client) -> None:
    newsletter = factories.newsletter()
    factories.notice()
    article = factories.article("China's gears", image_credit="Photo by N on O")
    second = Author.objects.create(name="محمد الفارسي", slug="محمد-الفارسي")
    article.bylines.create(author=second, position=1)
    text = text_of(client, article.get_absolute_url())
    for part in (
        "China’s gears",
        "A plant in Nagoya lets its robots stop and call a person.",
        "Image / Photo by N on O",
        "<strong>better</strong>",
        "What we’re watching next in automation",
        "Whether the night shift agrees",
        "Sources",
        "A year of asking",
        newsletter.name,
        newsletter.tagline,
        "No spam. Unsubscribe anytime. Read our",
        'href="/topics/automation/"',
        "<bdi>محمد الفارسي</bdi>",
        'datetime="2026-03-02T09:00:00+00:00"',
    ):
        assert part in text


def test_an_empty_section_is_kept_and_shown_as_such(client: Client) -> None:
    article = factories.article()
    Source.objects.all().delete()
    WatchItem.objects.all().delete()
    text = text_of(client, article.get_absolute_url())
    assert "What we’re watching next in automation" in text
    assert "Nothing is on this list yet." in text
    assert "No sources are listed for this article." in text


def test_a_correction_and_the_outcome_of_what_was_watched_are_shown(client: Client) -> None:
    article, later = factories.article(), factories.article("The night shift agreed")
    Correction.objects.create(article=article, text="It was Osaka.", at=factories.NOW)
    WatchItem.objects.filter(article=article).update(
        outcome="happened", outcome_note="By 41 to 9.", followed_up_in=later
    )
    text = text_of(client, article.get_absolute_url())
    assert "Corrected on 2 March 2026" in text
    assert "It was Osaka." in text
    assert "It happened." in text
    assert "By 41 to 9." in text
    assert f'href="{later.get_absolute_url()}">The night shift agreed' in text


def test_a_follow_up_tells_nothing_before_it_is_public(client: Client) -> None:
    article = factories.article()
    tomorrow = timezone.now() + timedelta(days=1)
    hidden: list[dict[str, Any]] = [{"status": "draft"}, {"published_at": tomorrow}]
    for number, values in enumerate(hidden):
        secret = factories.article(f"A secret {number}", **values)
        WatchItem.objects.filter(article=article).update(outcome="happened", followed_up_in=secret)
        text = text_of(client, article.get_absolute_url())
        assert "It happened." in text
        assert "secret" not in text


@pytest.mark.usefixtures("_unpublished")
def test_what_is_not_published_is_nowhere(client: Client) -> None:
    article = factories.article(authors=["Ada Noor"])
    paths = ["/", article.get_absolute_url(), "/archive/", "/archive/2026/3/", "/authors/ada-noor/"]
    for path in paths:
        assert "oise" not in text_of(client, path)
    for hidden in Article.objects.exclude(pk=article.pk):
        assert client.get(hidden.get_absolute_url()).status_code == 404
    assert client.get("/authors/nobody-yet/").status_code == 404


def test_the_front_page_leads_with_the_newest_picture_and_shows_nothing_twice(
    client: Client,
) -> None:
    factories.newsletter()
    factories.notice()
    for days in range(12):
        factories.article(
            f"Article {days:02}",
            topic=factories.topic(["Automation", "China", "Europe"][days % 3]),
            published_at=factories.NOW - timedelta(days=days),
            image="articles/a-12345678-1600x900.png" if days == 2 else "",
        )
    text = text_of(client, "/")
    assert text.index("Article 02") < text.index("Article 00") < text.index("Article 01")
    assert text.count(">Article 02<") == 1
    assert text.count(">Article 05<") == 1


def test_an_empty_archive_says_so(client: Client) -> None:
    assert "The first article is being written" in text_of(client, "/")
    assert "Nothing is published yet." in text_of(client, "/archive/")


def test_a_list_goes_on_behind_the_last_article_of_the_page(client: Client) -> None:
    topic = factories.topic("Automation")
    for number in range(45):
        # Ten share a moment: the order must still be one order.
        published_at = factories.NOW - timedelta(hours=number // 10)
        factories.article(f"Article {number:02}", topic=topic, published_at=published_at)
    factories.article("Elsewhere", topic=factories.topic("China"))
    seen: list[str] = []
    path = "/topics/automation/"
    while path:
        page = client.get(path).context["page"]
        seen += [article.headline for article in page.articles]
        path = f"/topics/automation/?before={page.older}" if page.older else ""
    assert len(seen) == len(set(seen)) == 45
    assert "Elsewhere" not in seen


def test_an_author_written_in_any_script_has_a_page(client: Client) -> None:
    article = factories.article()
    author = Author.objects.create(name="田中 さくら", slug="田中-さくら", bio="Tokyo.")
    article.bylines.create(author=author)
    text = text_of(client, author.get_absolute_url())
    assert "Tokyo." in text
    assert article.headline in text


def test_a_month_lists_its_own_articles_only(client: Client) -> None:
    factories.article("In March")
    factories.article("In April", published_at=factories.NOW + timedelta(days=40))
    text = text_of(client, "/archive/2026/3/")
    assert "In March" in text
    assert "In April" not in text.split("</main>")[0]
    assert "March 2026" in text_of(client, "/archive/")
    for gone in ("/archive/2026/2/", "/archive/2026/13/", "/archive/0/1/", "/archive/99999/1/"):
        assert client.get(gone).status_code == 404


def test_neighbours_are_the_articles_before_and_after(client: Client) -> None:
    first, middle, last = (
        factories.article(name, published_at=factories.NOW + timedelta(hours=hours))
        for hours, name in enumerate(("First", "Middle", "Last"))
    )
    context = client.get(middle.get_absolute_url()).context
    assert (context["earlier"], context["later"]) == (first, last)


def test_public_pages_set_no_cookie(client: Client) -> None:
    article = factories.article()
    for path in ("/", article.get_absolute_url(), "/archive/", "/issues/", "/about/", "/privacy/"):
        response = client.get(path)
        assert not response.cookies
        assert "Cookie" not in response.get("Vary", "")


def test_an_unknown_address_is_answered_with_a_way_on(client: Client) -> None:
    response = client.get("/articles/gone/")
    assert response.status_code == 404
    assert 'href="/archive/"' in response.content.decode()
