"""The privacy policy in every version, and the page about the site."""

import pytest
from django.test import Client

from tests import factories

pytestmark = pytest.mark.django_db


def test_the_newest_policy_is_shown_and_every_version_stays(client: Client) -> None:
    factories.notice("privacy", text="# Privacy policy\n\nFirst wording.")
    second = factories.notice("privacy", version=2, text="# Your data\n\n## Why\n\nSecond wording.")
    text = client.get("/privacy/").content.decode()
    assert '<h1 lang="en">Your data</h1>' in text
    assert "<h2>Why</h2>" in text
    assert "Second wording." in text
    assert second.sha256 in text
    first = client.get("/privacy/1/").content.decode()
    assert "First wording." in first
    assert "This is version 1" in first
    assert client.get("/privacy/3/").status_code == 404


def test_a_reader_of_german_sees_the_german_policy_and_others_the_english(client: Client) -> None:
    factories.notice("privacy", text="# Privacy policy\n\nEnglish wording.")
    factories.notice("privacy", locale="de", text="# Datenschutz\n\nDeutscher Wortlaut.")
    german = client.get("/privacy/", headers={"accept-language": "de"}).content.decode()
    assert "Deutscher Wortlaut." in german
    assert 'lang="de"' in german
    assert "English wording." in client.get("/privacy/").content.decode()


def test_a_wording_that_was_shown_is_found_in_every_browser(client: Client) -> None:
    factories.notice("privacy", text="# Privacy policy\n\nEnglish wording.")
    factories.notice("privacy", locale="de", text="# Datenschutz\n\nDeutscher Wortlaut.")
    factories.notice("privacy", version=2, text="# Privacy policy\n\nNewer wording.")
    for path, wording in (
        ("/privacy/", "Deutscher Wortlaut."),
        ("/privacy/1/", "Deutscher Wortlaut."),
        ("/privacy/1/en/", "English wording."),
        ("/privacy/2/", "Newer wording."),
    ):
        text = client.get(path, headers={"accept-language": "de"}).content.decode()
        assert wording in text, path
        assert ("wie sie damals gezeigt wurde" in text) == (path == "/privacy/1/en/")
        assert text.count("<code>") == 3
    for path in ("/privacy/2/de/", "/privacy/3/", "/privacy/1/fr/"):
        assert client.get(path).status_code == 404


def test_without_a_policy_the_page_says_so(client: Client) -> None:
    assert "has not been published yet" in client.get("/privacy/").content.decode()


def test_the_page_about_the_site_names_the_publisher(client: Client) -> None:
    newsletter = factories.newsletter()
    assert newsletter.postal_address in client.get("/about/").content.decode()
