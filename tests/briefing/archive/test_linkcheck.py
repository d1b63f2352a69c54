"""Sources are looked at in time, and called gone only when they are."""

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client

from briefing import fetching
from briefing.archive import linkcheck
from briefing.models import Article, Source
from tests import factories

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


class Web:
    """Answers for the internet: a status for each method, or a reason why nothing came back."""

    def __init__(self) -> None:
        self.says: dict[str, int | str] = {"HEAD": 200, "GET": 200}
        self.asked: list[str] = []

    def fetch(self, url: str, *, method: str = "GET", **_: object) -> fetching.Answer:
        self.asked.append(f"{method} {url}")
        said = self.says[method]
        if isinstance(said, str):
            raise fetching.FetchError(said, "test")
        return fetching.Answer(said, url, b"")


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Web:
    web = Web()
    monkeypatch.setattr(fetching, "fetch", web.fetch)
    return web


@pytest.fixture
def source() -> Source:
    Source.objects.filter(article=factories.article()).update(url="https://example.org/a")
    return Source.objects.get()


def results(source: Source, *, days: list[float]) -> list[str]:
    found = []
    for day in days:
        source.refresh_from_db()
        found.append(linkcheck.check(source, now=factories.NOW + day * DAY))
    return found


def test_a_page_that_answers_answers(web: Web, source: Source) -> None:
    assert results(source, days=[0]) == [linkcheck.ANSWERS]
    assert web.asked == ["HEAD https://example.org/a"]


def test_get_decides_where_head_is_not_welcome(web: Web, source: Source) -> None:
    web.says["HEAD"] = 405
    assert results(source, days=[0]) == [linkcheck.ANSWERS]


@pytest.mark.parametrize("status", [401, 403, 429, 451])
def test_you_may_not_is_an_answer(web: Web, source: Source, status: int) -> None:
    web.says.update(HEAD=status, GET=status)
    assert results(source, days=[0]) == [linkcheck.ANSWERS]


@pytest.mark.parametrize("said", [404, 410, 500, "name", "connection", "tls", "time", "answer"])
def test_only_a_second_look_calls_a_page_gone(web: Web, source: Source, said: int | str) -> None:
    web.says.update(HEAD=said, GET=said)
    assert results(source, days=[0, 1, 8]) == [
        linkcheck.UNCERTAIN,
        linkcheck.GONE,
        linkcheck.GONE,
    ]
    web.says.update(HEAD=200)
    assert results(source, days=[15]) == [linkcheck.ANSWERS]


def test_whoever_looks_every_half_hour_waits_no_longer(web: Web, source: Source) -> None:
    web.says.update(HEAD=404, GET=404)
    found = results(source, days=[0, 0.5 / 24, 1 / 24])
    assert found == [linkcheck.UNCERTAIN, linkcheck.UNCERTAIN, linkcheck.GONE]
    web.says.update(HEAD=200)
    results(source, days=[1])
    web.says.update(HEAD=404)
    assert results(source, days=[2]) == [linkcheck.UNCERTAIN]


def test_what_may_not_be_asked_is_not_called_gone(web: Web, source: Source) -> None:
    web.says.update(HEAD="address")
    assert results(source, days=[0]) == [linkcheck.NOT_CHECKED]
    Source.objects.update(url="http://example.org/")
    assert results(source, days=[0]) == [linkcheck.NOT_CHECKED]


def test_an_address_that_was_changed_meanwhile_is_left_alone(web: Web, source: Source) -> None:
    Source.objects.update(url="https://example.org/new")
    linkcheck.check(source, now=factories.NOW)
    assert Source.objects.get().checked_at is None
    assert web.asked


def test_sources_are_due_once_a_week_and_uncertain_ones_the_next_day(source: Source) -> None:
    def due(days: float) -> bool:
        return linkcheck.due(now=factories.NOW + days * DAY).filter(pk=source.pk).exists()

    assert due(0)
    Source.objects.update(checked_at=factories.NOW, check_result=linkcheck.ANSWERS)
    assert [due(6.9), due(7.1)] == [False, True]
    Source.objects.update(check_result=linkcheck.UNCERTAIN)
    assert [due(0.9), due(1.1)] == [False, True]
    Article.objects.update(status=Article.Status.WITHDRAWN)
    assert not due(30)


def test_the_command_tells_what_it_found(web: Web, source: Source) -> None:
    Source.objects.update(silent_since=factories.NOW)
    web.says.update(HEAD=404, GET=404)
    out = io.StringIO()
    call_command("check_links", stdout=out)
    assert "gone: https://example.org/a" in out.getvalue()
    assert "1 gone" in out.getvalue()
    call_command("check_links", stdout=out)
    assert "none due" in out.getvalue()


def test_readers_are_told_when_a_source_is_gone(client: Client, source: Source) -> None:
    path = source.article.get_absolute_url()
    assert "no longer answered" not in client.get(path).content.decode()
    Source.objects.update(check_result=linkcheck.GONE, checked_at=factories.NOW)
    text = client.get(path).content.decode()
    assert "This address no longer answered on 2 March 2026." in text
    assert 'href="https://example.org/a"' in text
