"""In what two versions of a text differ: what stayed is counted, words that went or came are marked."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

SAME, GONE, NEW = "same", "gone", "new"
# Comparing takes time with the square of this: longer ones are shown as gone and come.
_MOST = 3000
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words, and whether they stayed, went or came."""

    act: str
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """Lines that differ, in pieces; or so many lines in a row that are the same."""

    pieces: tuple[Piece, ...] = ()
    same: int = 0


def compare(before: str, after: str) -> list[Passage]:
    """Return how a text became another one, line by line, and word by word in lines that changed."""
    old, new = _lines(before), _lines(after)
    passages = []
    for act, begin, end, there, until in _steps(old, new):
        if act == "equal":
            passages.append(Passage(same=end - begin))
        else:
            gone, come = "\n".join(old[begin:end]), "\n".join(new[there:until])
            passages.append(Passage(tuple(_pieces(gone, come))))
    return passages


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _pieces(gone: str, come: str) -> Iterator[Piece]:
    old, new = _WORDS.findall(gone), _WORDS.findall(come)
    for act, begin, end, there, until in _steps(old, new):
        if act == "equal":
            yield Piece(SAME, "".join(old[begin:end]))
            continue
        for kind, words in ((GONE, old[begin:end]), (NEW, new[there:until])):
            if words:
                yield Piece(kind, "".join(words))


def _steps(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """Return the steps from one to the other, in difflib's words."""
    if len(old) + len(new) > _MOST:
        return [("replace", 0, len(old), 0, len(new))]
    return [*SequenceMatcher(None, old, new, autojunk=False).get_opcodes()]
