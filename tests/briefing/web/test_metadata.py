"""What machines are told about pages."""

import contextlib
import io
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from PIL import Image
from playwright.sync_api import Page
from pytest_django import Settings

from briefing.archive import cards, pictures
from briefing.models import Article
from tests import factories

pytestmark = pytest.mark.django_db
_DATA = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)


def png(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "orange").save(out, "PNG")
    return out.getvalue()


def meta(text: str, name: str) -> list[str]:
    return re.findall(rf'<meta (?:name|property)="{name}" content="([^"]*)">', text)


def test_an_article_tells_machines_what_it_is(client: Client) -> None:
    factories.newsletter()
    article = factories.article("China's </script><script>alert(1)</script> gears")
    text = client.get(article.get_absolute_url()).content.decode()
    data = json.loads(_DATA.findall(text)[0])
    assert data["@type"] == "NewsArticle"
    assert data["headline"] == "China’s </script><script>alert(1)</script> gears"
    assert data["datePublished"] == "2026-03-02T09:00:00+00:00"
    assert data["author"] == [
        {
            "@type": "Person",
            "name": "Ada Noor",
            "url": "http://testserver/authors/ada-noor/",
        }
    ]
    assert "<script>alert" not in text
    url = f"http://testserver{article.get_absolute_url()}"
    assert f'<link rel="canonical" href="{url}">' in text
    assert meta(text, "og:type") == ["article"]
    assert meta(text, "og:url") == [url]
    assert meta(text, "og:image") == [f"{url}card.jpg"]
    assert meta(text, "description") == [article.dek]


def test_an_article_without_a_byline_is_the_newsroom_s(client: Client) -> None:
    text = client.get(factories.article(authors=[]).get_absolute_url()).content.decode()
    data = json.loads(_DATA.findall(text)[0])
    assert data["author"] == [data["publisher"]]


def test_a_host_header_never_gets_into_an_address(client: Client, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    article = factories.article()
    for path in (article.get_absolute_url(), "/", "/feed/", "/sitemap.xml", "/robots.txt"):
        assert b"evil.example" not in client.get(path, headers={"host": "evil.example"}).content


@pytest.mark.parametrize("path", ["/", "/topics/automation/", "/issues/", "/about/", "/privacy/"])
def test_every_page_has_one_canonical_address(client: Client, path: str) -> None:
    factories.article()
    text = client.get(path).content.decode()
    assert re.findall(r'<link rel="canonical" href="([^"]*)">', text) == [
        f"http://testserver{path}"
    ]


def test_the_sitemap_lists_what_is_public_and_nothing_else(client: Client) -> None:
    article = factories.article()
    factories.article("Noise", status=Article.Status.DRAFT, published_at=None)
    text = client.get("/sitemap.xml").content.decode()
    assert f"<loc>http://testserver{article.get_absolute_url()}</loc>" in text
    assert "<loc>http://testserver/authors/ada-noor/</loc>" in text
    assert "noise" not in text
    assert text.count("<lastmod>2026-03-02T09:00:00+00:00</lastmod>") == 1
    article.corrections.create(text="It was Osaka.", at=factories.NOW + timedelta(days=3))
    assert "<lastmod>2026-03-05" in client.get("/sitemap.xml").content.decode()
    for address in re.findall("<loc>http://testserver(.*?)</loc>", text):
        assert client.get(address).status_code == 200


def test_every_page_is_described_if_only_by_its_newsletter(client: Client) -> None:
    newsletter = factories.newsletter()
    factories.article()
    for path in ("/", "/archive/2026/3/", "/authors/ada-noor/", "/topics/automation/", "/about/"):
        assert meta(client.get(path).content.decode(), "description") == [newsletter.tagline], path


def test_crawlers_are_kept_from_addresses_with_tokens(client: Client) -> None:
    text = client.get("/robots.txt").content.decode()
    assert "Disallow: /unsubscribe/" in text
    assert "Sitemap: http://testserver/sitemap.xml" in text


def test_who_asks_for_an_icon_by_guess_is_led_to_it(client: Client) -> None:
    address = client.get("/favicon.ico")["Location"]
    assert finders.find(address.removeprefix("/static/"))


def test_a_weakness_can_be_reported_and_people_are_named(client: Client) -> None:
    factories.newsletter(reply_to="editors@robotics-briefing.example")
    factories.article()
    text = client.get("/.well-known/security.txt").content.decode()
    assert "Contact: mailto:editors@robotics-briefing.example" in text
    assert re.search(r"^Expires: \d{4}-\d\d-\d\dT00:00:00Z$", text, re.MULTILINE)
    assert "Ada Noor" in client.get("/humans.txt").content.decode()


def test_a_card_is_drawn_once_with_the_article_s_picture(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    name, content = pictures.take(png(1600, 900), stem="articles/gears")
    default_storage.save(name, ContentFile(content))
    article = factories.article(image=name)
    for _ in range(2):
        response = client.get(f"{article.get_absolute_url()}card.jpg")
        card = Image.open(io.BytesIO(response.getvalue()))
        assert (card.format, card.size) == ("JPEG", (cards.WIDTH, cards.HEIGHT))
        red, green, blue = card.crop((0, 0, 1, 1)).tobytes()
        assert red > 240
        assert 150 < green < 180
        assert blue < 20
    assert len(list((tmp_path / "cards").iterdir())) == 1


def test_a_page_without_a_picture_has_the_nameplate(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    article = factories.article()
    card = client.get(f"{article.get_absolute_url()}card.jpg").getvalue()
    assert card == client.get("/card.jpg").getvalue()
    assert client.get("/articles/gone/card.jpg").status_code == 404
    with contextlib.closing(client.head("/card.jpg")) as answer:
        etag = answer["ETag"]
    assert client.get("/card.jpg", headers={"if-none-match": etag}).status_code == 304


def test_a_page_whose_picture_is_away_has_the_nameplate_until_it_is_back(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    name, content = pictures.take(png(1600, 900), stem="articles/gears")
    path = f"{factories.article(image=name).get_absolute_url()}card.jpg"
    plate = client.get("/card.jpg").getvalue()
    assert client.get(path).getvalue() == plate
    default_storage.save(name, ContentFile(content))
    assert client.get(path).getvalue() != plate


@pytest.mark.django_db(transaction=True)
def test_the_data_for_machines_breaks_no_policy(page: Page) -> None:
    article = factories.article()
    page.goto(article.get_absolute_url())
    text = page.locator('script[type="application/ld+json"]').text_content()
    assert json.loads(text or "")["headline"] == article.headline
