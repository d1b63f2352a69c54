"""Pages in the visitor's language: words, dates, and the page that a cache gives to each."""

from html.parser import HTMLParser

import pytest
from django.test import Client, override_settings

from tests.factories import NOW, article, newsletter, notice

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


def test_an_english_promise_leads_a_german_visitor_to_the_privacy_policy(client: Client) -> None:
    newsletter()
    assert 'Read our <a href="/privacy/">privacy policy</a> for' in asked(client, "/", "de")


def test_dates_are_written_as_the_language_writes_them(client: Client) -> None:
    piece = article()

    assert f">{NOW.day}. " in asked(client, piece.get_absolute_url(), "de")


def test_a_language_that_nobody_has_translated_is_answered_in_english(client: Client) -> None:
    assert '<html lang="en"' in asked(client, "/", "fi,pt;q=0.5")


class Spoken(HTMLParser):
    """Notes in which language each text of a page stands (WCAG 3.1.2)."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self._languages: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "link", "img", "input", "br", "hr"}:
            inherited = self._languages[-1][1] if self._languages else ""
            self._languages.append((tag, dict(attrs).get("lang") or inherited))

    def handle_endtag(self, tag: str) -> None:
        while self._languages and self._languages.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts[" ".join(data.split())] = self._languages[-1][1] if self._languages else ""


@pytest.mark.parametrize("path", ["/", "/articles/robots-ask/", "/topics/automation/"])
def test_a_page_says_of_each_text_in_which_language_it_is(client: Client, path: str) -> None:
    newsletter(tagline="Weekly intelligence")
    notice(text="The wording in English.")
    piece = article("Robots ask", authors=["Ada", "Ben"], dek="A dek.", body="The body.")
    piece.watch_items.create(text="A vote", outcome="happened", outcome_note="41 to 9.")
    article("Roboter fragen", locale="de", dek="Ein Vorspann.")

    texts = Spoken(asked(client, path, "de")).texts

    assert texts["Robots ask"] == texts.get("A dek.", "en") == "en"
    assert texts["Roboter fragen"] == "de"
    assert texts[f"{NOW.day}. März {NOW.year}"] == "de"
    assert texts["The wording in English."] == texts["Weekly intelligence"] == "en"
    if path.startswith("/articles/"):
        assert texts["The body."] == texts["A vote"] == texts["41 to 9."] == "en"
        assert texts["Eingetreten."] == texts["Quellen"] == "de"
