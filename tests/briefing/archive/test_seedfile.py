"""The published form, as it is and as text files bend it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.archive.seedfile import (
    ArticleDraft,
    NewsletterBox,
    SeedError,
    SourceDraft,
    decode,
    parse,
)

FORM = (Path(__file__).parent / "files" / "tin-robots-of-lake-garda.txt").read_text("utf-8")
SHORTEST = "A headline\nBy Ada Verdi\nOne paragraph."


def refusal(text: str) -> tuple[int, str]:
    with pytest.raises(SeedError) as caught:
        parse(text)
    return caught.value.line, caught.value.reason


def test_every_part_of_the_form_is_read() -> None:
    assert parse(FORM) == ArticleDraft(
        headline="The Tin Robots of Lake Garda Learn to Row",
        authors=("Ada Verdi", "Björn Ek"),
        image_credit="Photo by Nadia Ferro on Open Shelf",
        dek="Six boats without crews have crossed the lake every day since April. "
        "The ferry office kept the harbour master’s whistle.",
        body="The boats leave from Torbole at seven, one after the other, with crates of lemons "
        "and nobody on board. Each is eleven metres long and was built to be rowed.\n\n"
        "“We didn’t replace the oars,” says the foreman. “We replaced the argument about whose "
        "turn it is.”\n\n- A crossing takes 51 minutes.\n- It used to take 44.\n\n"
        "### The whistle\n\nNothing about the whistle has changed.",
        watch_heading="europe",
        watch_items=("Whether the second harbour signs by June.", "A fare for bicycles."),
        sources=(
            SourceDraft(
                title="Crossings since April",
                publisher="Garda Ferry Office",
                url="https://example.org/garda/crossings",
            ),
            SourceDraft(title="The foreman’s notebook"),
        ),
        newsletter=NewsletterBox(
            name="The Lemon Boat Letter",
            tagline="News from the lake - written for people who row.",
            promise="One letter a week. Leave when you like.",
        ),
    )


@pytest.mark.parametrize(
    "raw",
    [
        FORM.encode("utf-8-sig"),
        FORM.encode("utf-16"),
        FORM.replace("\n", "\r\n").encode(),
        FORM.replace("\n", "\r").encode(),
        FORM.replace("\n", "\n\n").encode(),
        FORM.replace("\n", "   \n\t").encode(),
        FORM.rstrip("\n").encode(),
        (FORM + "\n\n").encode(),
        FORM.replace("ö", "o\u0308").encode(),
        FORM.replace("we’re watching", "we're watching").encode(),
        FORM.replace("### What we’re", "## WHAT WE’RE").encode(),
        FORM.replace("\nSources\n", "\n### Sources:\n").encode(),
    ],
    ids=[
        "byte order mark",
        "utf-16",
        "crlf",
        "cr",
        "blank lines",
        "space at line ends",
        "no last newline",
        "too many last newlines",
        "decomposed letters",
        "straight apostrophe",
        "other heading",
        "marked sources",
    ],
)
def test_what_editors_and_systems_do_to_a_file_changes_nothing(raw: bytes) -> None:
    assert parse(decode(raw)) == parse(FORM)


def test_empty_sections_are_an_article_without_items() -> None:
    draft = parse(f"{SHORTEST}\n### What we're watching next in china\nSources\nNewsletter\n")
    assert draft.watch_heading == "china"
    assert draft.watch_items == ()
    assert draft.sources == ()
    assert draft.newsletter is None


def test_the_shortest_article_is_a_headline_a_byline_and_a_paragraph() -> None:
    assert parse(SHORTEST) == ArticleDraft(
        headline="A headline", authors=("Ada Verdi",), dek="One paragraph."
    )


def test_a_long_article_keeps_every_paragraph() -> None:
    body = [f"Paragraph {number}." for number in range(2000)]
    assert parse("\n".join((SHORTEST, *body))).body.split("\n\n") == body


def test_the_order_of_the_sections_does_not_matter() -> None:
    draft = parse(f"{SHORTEST}\nSources\nA book\n### What we’re watching next\nA vote")
    assert draft.sources == (SourceDraft(title="A book"),)
    assert draft.watch_items == ("A vote",)
    assert draft.watch_heading == ""


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("By Ada Verdi", ("Ada Verdi",)),
        ("by Ada Verdi & Björn Ek", ("Ada Verdi", "Björn Ek")),
        ("By Ada Verdi, Björn Ek and 田中 さくら", ("Ada Verdi", "Björn Ek", "田中 さくら")),
        ("By Ada Verdi, Björn Ek, and محمد الفارسي", ("Ada Verdi", "Björn Ek", "محمد الفارسي")),
        ("By Anders Anderland and Ada Verdi", ("Anders Anderland", "Ada Verdi")),
        ("By Ada Verdi and Ada Verdi", ("Ada Verdi",)),
        ("By Siobhán O'Rourke", ("Siobhán O’Rourke",)),
        ("By Siobhán O’Rourke", ("Siobhán O’Rourke",)),
    ],
)
def test_a_byline_names_its_authors_in_order(byline: str, names: tuple[str, ...]) -> None:
    assert parse(f"A headline\n{byline}\nOne paragraph.").authors == names


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("- A book", SourceDraft("A book")),
        ("3. A book", SourceDraft("A book")),
        ("Press – A book", SourceDraft("A book", "Press")),
        ("Press — A book — 2nd edition", SourceDraft("A book — 2nd edition", "Press")),
        (
            "https://example.org/a",
            SourceDraft("https://example.org/a", "", "https://example.org/a"),
        ),
        ("A book: https://example.org/a", SourceDraft("A book", "", "https://example.org/a")),
        ("A book (https://example.org/a)", SourceDraft("A book", "", "https://example.org/a")),
        (
            "Press - [A book](https://example.org/a)",
            SourceDraft("A book", "Press", "https://example.org/a"),
        ),
        ("A book javascript:alert(1)", SourceDraft("A book javascript:alert(1)")),
    ],
)
def test_a_source_has_a_title_and_perhaps_publisher_and_address(
    line: str, source: SourceDraft
) -> None:
    assert parse(f"{SHORTEST}\nSources\n{line}").sources == (source,)


def test_a_sentence_that_begins_like_a_heading_stays_in_the_body() -> None:
    draft = parse(f"{SHORTEST}\nSources at two yards agree.\nWhat we’re watching next is unclear.")
    assert draft.body == "Sources at two yards agree.\n\nWhat we’re watching next is unclear."


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "empty"),
        ("\n \t\n\n", 1, "empty"),
        ("\n###\nBy Ada Verdi\nText.", 2, "headline is empty"),
        ("A headline", 2, "“By …”"),
        ("A headline\nOne paragraph.", 2, "“By …”"),
        ("A headline\n\n\nBystanders wrote this.", 4, "“By …”"),
        ("A headline\nBy", 2, "names nobody"),
        ("A headline\nBy ,", 2, "names nobody"),
        ("A headline\nBy Ada Verdi", 2, "no text"),
        ("A headline\nBy Ada Verdi\n\nSources\nA book", 4, "no text"),
        (f"{'x' * 201}\nBy Ada Verdi\nText.", 1, "201 characters"),
        (f"{SHORTEST}\nSources\nA book\nSources", 6, "first begins in line 4"),
        (f"{SHORTEST}\nSources\nA book https://x.example/{'a' * 600}", 5, "address is longer"),
        (f"{SHORTEST}\n\x00", 4, "control character"),
        (f"A headline\nBy Ada Verdi\nImage / {'x' * 201}\nText.", 3, "image credit"),
    ],
)
def test_what_is_not_of_the_form_is_refused_with_line_and_reason(
    text: str, line: int, reason: str
) -> None:
    found_line, found_reason = refusal(text)
    assert found_line == line
    assert reason in found_reason


def test_bytes_that_are_no_text_are_refused_with_their_line() -> None:
    with pytest.raises(SeedError) as caught:
        decode(b"A headline\nBy Ada\nCaf\xe9")
    assert caught.value.line == 3


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        draft = parse(text)
    except SeedError as error:
        draft, line = None, error.line
    if draft is None:
        assert 1 <= line <= text.count("\n") + text.count("\r") + 3
    else:
        assert all((draft.headline, draft.authors, draft.dek))


words = st.text(st.characters(categories=["L", "N", "So"]), min_size=1, max_size=12)
sentence = st.lists(words, min_size=3, max_size=12).map(" ".join).map(lambda text: f"“{text}.”")


@given(
    body=st.lists(sentence, min_size=1, max_size=8),
    watched=st.lists(sentence, max_size=4),
    titles=st.lists(sentence, max_size=4),
    line_end=st.sampled_from(["\n", "\r\n", "\n\n", " \r"]),
)
def test_nothing_of_an_article_is_lost_and_nothing_moves(
    body: list[str], watched: list[str], titles: list[str], line_end: str
) -> None:
    dek, *rest = body
    parts = ["A headline", "By Ada Verdi", "Image / Photo by N on O", *body]
    parts += ["### What we’re watching next in europe", *watched, "Sources", *titles]
    draft = parse(line_end.join(parts))
    # The reader composes letters as Unicode's form C does, whatever the file had.
    composed = parse("\n".join((SHORTEST, *parts[3:])))
    assert draft.body.count("\n\n") == max(len(rest) - 1, 0)
    assert composed.dek == "One paragraph."
    assert len(draft.watch_items) == len(watched)
    assert len(draft.sources) == len(titles)
    assert draft.dek.split() == composed.body.split("\n\n")[0].split()
    assert dek.count(" ") == draft.dek.count(" ")
