"""Pages in the visitor's language: words, dates, and the page that a cache gives to each."""

import pytest
from django.test import Client, override_settings

from tests.factories import NOW, article

pytestmark = pytest.mark.django_db


def asked(client: Client, address: str, language: str) -> str:
    """Return a page as a browser of that language gets it."""
    return client.get(address, headers={"accept-language": language}).content.decode()


@override_settings(PAGE_CACHE_SECONDS=60)
def test_a_page_speaks_the_visitors_language_also_from_the_cache(client: Client) -> None:
    address = article().get_absolute_url()

    for _time in range(2):
        german, english = asked(client, address, "de-AT,de;q=0.9"), asked(client, address, "en-GB")
        assert '<html lang="de"' in german
        assert "Was wir als Nächstes beobachten: automation" in german
        assert "Zum Inhalt springen" in german
        assert '<html lang="en"' in english
        assert "What we’re watching next in automation" in english


def test_dates_are_written_as_the_language_writes_them(client: Client) -> None:
    piece = article()

    assert f">{NOW.day}. " in asked(client, piece.get_absolute_url(), "de")


def test_a_language_that_nobody_has_translated_is_answered_in_english(client: Client) -> None:
    assert '<html lang="en"' in asked(client, "/", "fi,pt;q=0.5")
