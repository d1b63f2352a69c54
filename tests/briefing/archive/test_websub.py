"""The hub is told of a changed feed, once, and again when it did not take it."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone
from pytest_django import Settings

from briefing import fetching
from briefing.archive import websub
from briefing.models import Article
from tests import factories

pytestmark = pytest.mark.django_db
HUB = "https://hub.example/"


class Hub:
    """Answers for the hub, and writes down which feeds it was told of."""

    def __init__(self) -> None:
        self.says: int | str = 204
        self.told: list[str] = []

    def fetch(self, url: str, *, form: Mapping[str, str], **_: object) -> fetching.Answer:
        assert (url, form["hub.mode"]) == (HUB, "publish")
        if isinstance(self.says, str):
            raise fetching.FetchError(self.says, "test")
        self.told.append(form["hub.url"])
        return fetching.Answer(self.says, url, b"")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Hub:
    hub = Hub()
    monkeypatch.setattr(fetching, "fetch", hub.fetch)
    settings.WEBSUB_HUB = HUB
    return hub


def test_every_feed_is_told_of_once_for_each_change(hub: Hub) -> None:
    article = factories.article()
    assert websub.tell()
    assert hub.told == [f"http://testserver/{path}" for path in ("feed/", "feed/rss/", "feed.json")]
    assert not websub.tell()
    article.headline = "Another headline"
    article.save()
    assert websub.tell()
    article.corrections.create(text="It was Osaka.", at=factories.NOW)
    assert websub.tell()
    factories.article("Noise", status=Article.Status.DRAFT, published_at=None)
    assert not websub.tell()
    cache.clear()
    assert websub.tell()


def test_an_embargo_that_ends_is_a_change(hub: Hub) -> None:
    factories.article(published_at=timezone.now() + timedelta(hours=1))
    websub.tell()
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert websub.tell()


@pytest.mark.parametrize("said", [500, 302, "connection"])
def test_a_hub_that_did_not_take_it_is_told_again(hub: Hub, said: int | str) -> None:
    factories.article()
    hub.says = said
    assert not websub.tell()
    hub.says = 202
    assert websub.tell()


def test_without_a_hub_nobody_is_told(hub: Hub, settings: Settings) -> None:
    settings.WEBSUB_HUB = ""
    factories.article()
    assert not websub.tell()
    assert hub.told == []
