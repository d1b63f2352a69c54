"""Articles are found by their words, on either database, and only those that are public."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from briefing.archive import search_index, searching
from briefing.models import Article
from tests import factories

pytestmark = pytest.mark.django_db


def headlines(query: str) -> list[str]:
    return [hit.article.headline for hit in searching.search(query).hits]


def test_articles_are_found_by_all_their_words_in_any_form() -> None:
    factories.article("Ports count their cranes", body="A crane lifts.")
    factories.article("Welders", body="An arm welds seams that gantries cannot reach.")
    assert headlines("weld") == ["Welders"]
    assert headlines("seam welding") == ["Welders"]
    assert headlines("welding cranes") == []
    assert headlines("GANTR") == ["Welders"]


def test_a_word_in_the_headline_comes_before_one_in_the_text() -> None:
    factories.article("In the text", body="A robot. " + "Other words follow here. " * 5)
    factories.article("Robot in the headline", body="Nothing. " * 30)
    assert headlines("robot") == ["Robot in the headline", "In the text"]


@pytest.mark.parametrize("query", ["China's", "China’s", "china"])
def test_either_apostrophe_finds_the_other(query: str) -> None:
    factories.article("China’s gears", slug="a")
    factories.article("China's prices", slug="b")
    assert set(headlines(query)) == {"China’s gears", "China's prices"}


def test_an_umlaut_of_two_characters_finds_that_of_one() -> None:
    factories.article("Müllers Roboter", slug="mueller")
    assert headlines("Mu\u0308llers") == ["Müllers Roboter"]


def test_what_is_not_public_is_not_found() -> None:
    factories.article("Gears of a draft", status=Article.Status.DRAFT, published_at=None)
    factories.article("Gears withdrawn", status=Article.Status.WITHDRAWN)
    factories.article("Gears tomorrow", published_at=timezone.now() + timedelta(days=1))
    factories.article("Gears today")
    assert headlines("gears") == ["Gears today"]


def test_the_index_follows_every_change() -> None:
    article = factories.article("Gears", body="Old words.")
    Article.objects.filter(pk=article.pk).update(body="Fresh words.")
    assert headlines("old") == []
    assert headlines("fresh") == ["Gears"]
    article.bylines.all().delete()
    Article.objects.filter(pk=article.pk).delete()
    assert headlines("fresh") == []


def test_the_excerpt_shows_where_the_word_stands() -> None:
    factories.article("Gears", body=f"{'Some words. ' * 80}The **flange** broke.{' More.' * 80}")
    (hit,) = searching.search("flange").hits
    assert f"{searching.FOUND}flange{searching.FOUND_END}" in hit.excerpt
    assert len(hit.excerpt) < 500


def test_authors_and_topics_are_found_by_name() -> None:
    factories.article("Gears", authors=["Ada Noor"], topic=factories.topic("China"))
    assert [str(author) for author in searching.search("noor").authors] == ["Ada Noor"]
    assert [str(topic) for topic in searching.search("chin").topics] == ["China"]
    assert searching.search("noor").topics == []


@pytest.mark.parametrize("query", ["", "   ", "!?", "''", "_", "\x00", "*", '"'])
def test_a_query_without_a_word_finds_nothing(query: str) -> None:
    factories.article()
    assert searching.search(query) == searching.Findings([], [], [])


@given(st.text(alphabet="ab'’\"*()&|!:^-+ \\%_NEAROTD,;{}[]<>漢é\x00", max_size=60))
def test_no_query_breaks_the_search(query: str) -> None:
    assert searching.search(query).hits == []


def test_the_index_is_laid_again_when_a_part_of_it_is_gone() -> None:
    if connection.vendor == "postgresql":
        gone = [f"DROP INDEX {search_index.INDEX}"]
    else:
        gone = [f"DROP TRIGGER {search_index.INDEX}_insert"]
    with connection.cursor() as cursor:
        for statement in gone:
            cursor.execute(statement)
    assert search_index.missing(connection)
    connection.check_constraints()
    factories.article("Gears behind its back")
    connection.check_constraints()
    search_index.install(connection)
    assert not search_index.missing(connection)
    assert headlines("behind") == ["Gears behind its back"]
