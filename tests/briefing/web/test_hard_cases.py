"""Articles as life brings them: forty sources, endless words, names from right to left; and small."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Page

from briefing.models import Article, Source
from briefing.web import sheet
from tests.factories import article

pytestmark = pytest.mark.django_db

_ASSET = re.compile(r'(?:href|src)="/static/([^"]+\.(?:css|js|svg))"')
_MAX_BYTES = 60_000


def crowded() -> Article:
    """Publish an article that strains the page everywhere."""
    piece = article(
        "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz" * 2,
        slug="strained",
        authors=("ליאת כהן־אברהמי", "محمد بن عبد الرحمن", "Ada Noor"),
        body="Donaudampfschifffahrtsgesellschaft" * 12 + "\n\n" + "Plain words here. " * 900,
    )
    Source.objects.bulk_create(
        Source(
            article=piece,
            position=number,
            publisher=f"Publisher {number}",
            title=f"Report {number}",
            url=f"https://publisher.example/{'a' * 300}{number}",
        )
        for number in range(40)
    )
    return piece


def _read(name: str) -> str:
    return Path(str(finders.find(name))).read_text("utf-8")


def test_the_sheet_in_one_piece_has_every_other_in_its_place_and_asks_for_none() -> None:
    text = sheet.whole(sheet.SHEET, _read)

    assert text.startswith("@layer reset, base, layout, components, utilities;")
    assert "@import" not in text
    assert "/*" not in text
    folder = Path(str(finders.find(sheet.SHEET))).parent
    sheets = {path.relative_to(folder).as_posix() for path in folder.rglob("*.css")}
    named = set(re.findall(r'@import "([^"]+)"', _read(sheet.SHEET)))
    # Only a demo copy has an inbox.
    assert sheets - named == {"site.css", "components/inbox.css"}
    assert text.index("@media print {") > text.index(".visually-hidden")


def test_an_article_with_all_it_asks_for_travels_in_less_than_60_kb(client: Client) -> None:
    page = client.get(crowded().get_absolute_url()).content

    assets = sorted(set(_ASSET.findall(page.decode())))
    contents = [page, *(_read(name).encode() for name in assets if name != sheet.SHEET)]
    contents.append(sheet.whole(sheet.SHEET, _read).encode())

    assert sheet.SHEET in assets
    assert len(assets) > 2
    assert sum(len(gzip.compress(each, 6)) for each in contents) < _MAX_BYTES


def test_all_forty_sources_and_every_name_are_there(client: Client) -> None:
    page = client.get(crowded().get_absolute_url()).content.decode()

    assert page.count('href="https://publisher.example/') == 40
    assert "ליאת כהן־אברהמי" in page


@pytest.mark.browser(viewport=(320, 640))
@pytest.mark.django_db(transaction=True)
def test_the_narrowest_screen_shows_it_without_scrolling_sideways(page: Page) -> None:
    page.goto(crowded().get_absolute_url())

    assert page.evaluate("document.documentElement.scrollWidth") <= 320
