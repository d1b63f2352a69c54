"""The same text, written for mail."""

from hypothesis import given
from hypothesis import strategies as st

from briefing.archive.plaintext import columns, to_text


def test_headings_are_underlined_lists_marked_and_quotes_led_in() -> None:
    text = to_text(
        "## The whistle\n\nOne *word*, one **strong** one.\n\n- a\n- b\n\n3. x\n4. y\n\n> Said."
    )
    assert text == (
        "The whistle\n===========\n\nOne _word_, one *strong* one.\n\n"
        "- a\n- b\n\n3. x\n4. y\n\n> Said."
    )


def test_lists_in_lists_are_indented_and_loose_ones_keep_their_air() -> None:
    assert to_text("- a\n  - b\n- c") == "- a\n  - b\n- c"
    assert to_text("1. a\n\n   more\n\n2. b") == "1. a\n\n   more\n\n2. b"


def test_an_address_stands_behind_the_words_that_link_to_it() -> None:
    assert to_text("See [the file](https://example.org/f).") == (
        "See the file <https://example.org/f>."
    )
    assert to_text("See <https://example.org/f> or <desk@example.org>.") == (
        "See https://example.org/f or desk@example.org."
    )


def test_lines_break_at_spaces_and_an_address_never_does() -> None:
    address = "https://example.org/" + "a" * 100
    lines = to_text(f"{'word ' * 30} <{address}> end").split("\n")
    assert address in " ".join(lines).split()
    assert all(columns(line) <= 72 for line in lines if address not in line)


def test_scripts_without_spaces_break_by_their_real_width() -> None:
    lines = to_text("見守り機器と移乗支援ロボットの利用実態調査。" * 6, width=40).split("\n")
    assert all(columns(line) <= 42 for line in lines)
    assert len(lines) > 5
    assert not any(line.startswith("。") for line in lines)


def test_code_keeps_its_lines_and_a_rule_is_drawn() -> None:
    assert to_text("```\na  b\n c\n```\n\n---\n\nx  \ny") == "    a  b\n     c\n\n* * *\n\nx\ny"


@given(st.text(alphabet="ab *_#->`[]()\n12.é漢", max_size=300))
def test_no_word_of_any_text_is_lost(text: str) -> None:
    letters = [char for char in text if char in "aé漢"]
    assert [char for char in to_text(text) if char in "aé漢"] == letters
