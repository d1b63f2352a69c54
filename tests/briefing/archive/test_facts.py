"""What archive.toml may say, and how a slip in it is told."""

from datetime import UTC, datetime

import pytest

from briefing.archive import facts

WHOLE = """
[newsletter]
slug = "lemon-boat"
name = "The Lemon Boat Letter"
from_email = "letter@lemon.example"

[topics.europe]
name = "Europe"
description = "From the lake to the sea."

[authors."Björn Ek"]
bio = "Rows."

[articles."tin-robots-of-lake-garda"]
published_at = 2026-10-05T06:00:00+02:00
image = "images/tin.png"
alt = "A tin boat."
licence = "CC BY 4.0"

[articles."a-day"]
published_at = 2026-10-05
"""


def test_every_table_is_read() -> None:
    known = facts.parse(WHOLE)
    assert known.newsletter == {
        "slug": "lemon-boat",
        "name": "The Lemon Boat Letter",
        "from_address": "letter@lemon.example",
    }
    assert known.topics == (facts.TopicFacts("europe", "Europe", "From the lake to the sea."),)
    assert known.bios == {"Björn Ek": "Rows."}
    assert known.articles["tin-robots-of-lake-garda"].published_at == datetime(
        2026, 10, 5, 4, tzinfo=UTC
    )
    assert known.articles["a-day"].published_at == datetime(2026, 10, 5, tzinfo=UTC)


def test_an_empty_file_says_nothing() -> None:
    assert facts.parse("\ufeff") == facts.Facts()


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('[newsletter]\nslug = "a', 2, "no TOML"),
        ("\n[readers]\n", 2, "[readers] is not known"),
        ('\n\n[articles."a"]\nlicense = "CC0"', 3, "“license”"),
        ("\n[articles.a]\npublished_at = 'today'", 2, "without quotes"),
        ("[newsletter]\nslug = 'a'", 1, "needs a name"),
        ("articles = 3", 1, "holds tables"),
        ("[articles]\na = 3", 1, "is a table"),
    ],
)
def test_a_slip_is_told_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(facts.FactsError) as caught:
        facts.parse(text)
    assert caught.value.line == line
    assert reason in caught.value.reason
