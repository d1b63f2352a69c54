"""Finds words that GLOSSARY.md says to avoid, in code, templates and documents."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.checks import files

GLOSSARY = files.ROOT / "GLOSSARY.md"
_SUFFIXES = (".py", ".html", ".txt", ".mjml", ".css", ".js", ".md", ".toml", ".yaml", ".yml")
# Files that have to name the words in order to speak of them.
_ABOUT_WORDS = ("GLOSSARY.md", "tests/checks/test_checks.py")
# Other people's names for things, which contain a word that we avoid.
_FOREIGN = (
    "allow-top-navigation-by-user-activation",  # a value of HTML's sandbox attribute
    "job_id",  # Unisender Go's name for a call
    "job_name",  # Prometheus' name for what it asks
    "mailing_list",  # a variable of Mailgun's
    "utm_campaign",  # a name in the addresses of pages that everybody's counters know
)


def check() -> Iterator[str]:
    """Name every place where an avoided word stands."""
    own = (path for path in files.own(*_SUFFIXES) if files.name_of(path) not in _ABOUT_WORDS)
    yield from found(avoided(GLOSSARY.read_text("utf-8")), own)


def avoided(glossary: str) -> dict[str, str]:
    """Return the words in backticks of the last column, each with the word to use instead.

    What stands there without backticks depends on its meaning, which only a reader can judge.
    """
    words: dict[str, str] = {}
    for line in glossary.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 3:
            words |= dict.fromkeys(re.findall(r"`([^`]+)`", cells[2]), cells[0])
    return words


def found(words: dict[str, str], paths: Iterable[Path]) -> Iterator[str]:
    """Name the places in these files where one of the words stands, in any case or number."""
    pattern = re.compile(
        rf"(?<![a-z])({'|'.join(map(re.escape, words))})(?:s|es)?(?![a-z])", re.IGNORECASE
    )
    for path in paths:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            for phrase in _FOREIGN:
                line = line.replace(phrase, "")  # noqa: PLW2901  the line as it is judged
            for match in pattern.finditer(line):
                word = match[1].lower()
                yield f"{files.name_of(path)}:{number} says {word}: say {words[word]} (GLOSSARY.md)"
