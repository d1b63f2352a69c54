"""The list in which articles are ticked and put in order, as a page without JavaScript sends it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.http import QueryDict

from briefing.issues import arranging
from briefing.issues.arranging import Wanted
from briefing.models import Article
from subscribers.models import Newsletter

# What an issue usually carries; the rest of the list waits unticked.
USUAL_ARTICLES = 6
# Buttons that change the list and not the issue.
_MOVES = {"up": -1, "down": 1}


@dataclass(frozen=True, slots=True)
class Row:
    """One article of the list, and whether it is in the issue."""

    article: Article
    ticked: bool


def begin(offered: Sequence[Article], carried: Sequence[Article] = ()) -> list[Row]:
    """Return the list as it is first shown: what the issue has, else the newest of what is offered."""
    chosen = list(carried) or list(offered[:USUAL_ARTICLES])
    rest = [each for each in offered if each not in chosen]
    return [
        *(Row(each, ticked=True) for each in chosen),
        *(Row(each, ticked=False) for each in rest),
    ]


def read(posted: QueryDict, newsletter: Newsletter, first: Sequence[Row]) -> list[Row]:
    """Return the list as it was sent, after the button that was pressed has done its work.

    `first` is the list as the page first showed it: the order of what was sent without one.
    """
    ticked = set(_numbers(posted.getlist("articles")))
    order = _numbers(posted.getlist("order")) or [row.article.pk for row in first]
    rows = _rows([*order, *(each for each in ticked if each not in order)], ticked)
    for name, step in _MOVES.items():
        for number in _numbers(posted.getlist(name))[:1]:
            rows = _moved(rows, number, step)
    if _looks(posted):
        kept = [row for row in rows if row.ticked]
        had = {row.article.pk for row in kept}
        found = arranging.offer(newsletter, wanted(posted))
        rows = [*kept, *(Row(each, ticked=False) for each in found if each.pk not in had)]
    return rows


def changes_the_list(posted: QueryDict) -> bool:
    """Whether a button was pressed that shows the page again and saves nothing."""
    return _looks(posted) or any(name in posted for name in _MOVES)


def _looks(posted: QueryDict) -> bool:
    """Whether articles are looked for: by the button, or by Enter behind words just typed."""
    typed = posted.get("words", "") != posted.get("looked", "")
    return "look" in posted or ("entered" in posted and typed)


def wanted(posted: QueryDict) -> Wanted:
    """Return what the search above the list asks for."""
    return Wanted(
        words=posted.get("words", "")[:100],
        topic=posted.get("topic", "")[:60],
        used="used" in posted,
    )


def _moved(rows: Sequence[Row], number: int, step: int) -> list[Row]:
    moved = list(rows)
    for here, row in enumerate(rows):
        there = here + step
        if row.article.pk == number and 0 <= there < len(rows):
            moved[here], moved[there] = moved[there], moved[here]
    return moved


def _rows(order: Iterable[int], ticked: set[int]) -> list[Row]:
    """Read the articles again: what was withdrawn meanwhile is not there any more."""
    numbers = list(dict.fromkeys(order))[: 2 * arranging.OFFERED]
    articles = Article.objects.published().select_related("topic").in_bulk(numbers)
    return [Row(articles[each], ticked=each in ticked) for each in numbers if each in articles]


def _numbers(values: Iterable[str]) -> list[int]:
    return [int(each[:18]) for each in values if each.isascii() and each.isdecimal()]
