"""The checks find what they are for: each is shown something wrong and something right."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.checks import documents, files, languages, names, sizes, strings, tools, words

Check = Callable[[Iterable[Path]], Iterator[str]]

GLOSSARY = """
| word | means | avoid |
|---|---|---|
| issue | what an editor composes | `campaign`, post |
| suppression | an address we must not write to | `blacklist` |
"""


def write(folder: Path, text: str, name: str = "anything.py") -> list[Path]:
    path = folder / name
    path.write_text(text, "utf-8")
    return [path]


def test_words_to_avoid_are_those_in_backticks() -> None:
    assert words.avoided(GLOSSARY) == {"campaign": "issue", "blacklist": "suppression"}


@pytest.mark.parametrize("text", ["a Campaign", "campaigns_of(x)", "start_campaign()"])
def test_an_avoided_word_is_found_in_any_form(tmp_path: Path, text: str) -> None:
    [problem] = words.found(words.avoided(GLOSSARY), write(tmp_path, f"\n{text}\n"))
    assert problem.endswith("anything.py:2 says campaign: say issue (GLOSSARY.md)")


@pytest.mark.parametrize("text", ["an issue", "campaigning", "post"])
def test_other_words_are_left_alone(tmp_path: Path, text: str) -> None:
    assert not list(words.found(words.avoided(GLOSSARY), write(tmp_path, text)))


def test_the_glossary_itself_names_words_to_look_for() -> None:
    assert len(words.avoided(words.GLOSSARY.read_text("utf-8"))) > 8


@pytest.mark.parametrize(
    ("check", "wrong", "right"),
    [
        (sizes.long_files, "x = 1\n" * 301, "x = 1\n" * 300),
        (
            sizes.long_functions,
            "def f():\n" + "    x = 1\n" * 50,
            "def f():\n" + "    x = 1\n" * 49,
        ),
        (
            names.empty_verbs,
            "def process_rows(rows):\n    return rows\n",
            "class Sink:\n    def handle_DATA(self):\n        return 1\n",
        ),
        (strings.forbidden, "# TO" + "DO: later", "# to do it well"),
        (strings.forbidden, "cd /ho" + "me/ada/project", "cd ~/project"),
        (strings.forbidden, "-----BEGIN RSA PRIVATE " + "KEY-----", "-----BEGIN PUBLIC KEY-----"),
        (strings.registries, "--index-url x", "django==5.2.19 \\\n    --hash=sha256:0"),
        (strings.registries, "x @ https://host/x.whl", "# via django"),
        (
            strings.unexplained,
            "x = 1  # no" + "qa: E501",
            "x = 1  # no" + "qa: E501  it is a table",
        ),
        (
            strings.unexplained,
            "x = f()  # type: ig" + "nore[misc]",
            "# f has no types.\nx = f()  # type: ig" + "nore[misc]",
        ),
    ],
)
def test_a_check_finds_what_is_wrong_and_only_that(
    tmp_path: Path, check: Check, wrong: str, right: str
) -> None:
    assert len(list(check(write(tmp_path, wrong)))) == 1
    assert not list(check(write(tmp_path, right)))


def test_a_file_for_anything_is_found_by_its_name(tmp_path: Path) -> None:
    assert len(list(names.empty_file_names(write(tmp_path, "", "utils.py")))) == 1
    assert not list(names.empty_file_names(write(tmp_path, "", "sealing.py")))


def test_a_setting_that_nobody_explained_is_found(tmp_path: Path) -> None:
    code = write(tmp_path, 'A = env.str("PACE", "")\nB = env.int("GROUP_SIZE", 100)\n')
    [problem] = documents.unexplained(code, "| `GROUP_SIZE` | readers in a group |")
    assert "reads PACE" in problem


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    write(tmp_path, "", "there.md")
    text = "[a](there.md) [b](there.md#part) [c](https://elsewhere.example/) [d](gone.md)"
    [problem] = documents.broken_links(write(tmp_path, text, "index.md"))
    assert problem.endswith("index.md links to gone.md, which is not there")


def test_a_page_that_no_menu_leads_to_is_found(tmp_path: Path) -> None:
    write(tmp_path, "# Known", "known.md")
    write(tmp_path, "# Lost", "lost.md")
    [problem] = documents.unlisted(tmp_path, "nav:\n  - known.md\n")
    assert "lost.md is in no menu" in problem


def test_two_decisions_of_one_number_and_a_title_of_another_are_found(tmp_path: Path) -> None:
    (tmp_path / "0001-first.md").write_text("# 1. First\n", "utf-8")
    (tmp_path / "0001-also.md").write_text("# 2. Also\n", "utf-8")
    titled, twice = sorted(documents.misnumbered(tmp_path))
    assert "0001-also.md begins with “# 2. Also”" in titled
    assert "0001-first.md has the number of 0001-also.md" in twice


def test_a_document_that_a_command_names_has_to_be_there(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    write(tmp_path / "docs", "", "there.md")
    gone = "docs/" + "gone.md"
    there = "docs/" + "there.md"
    code = write(tmp_path, f'print("See {there} and {gone}.")')
    [problem] = documents.missing(code, tmp_path)
    assert problem.endswith(f"anything.py names {gone}, which is not there")


def test_a_tool_that_fails_gives_its_own_words() -> None:
    assert list(tools.run("python", "-c", "print('why'); raise SystemExit(3)")) == ["why"]
    assert not list(tools.run("python", "-c", "print('fine')"))


def test_the_project_says_one_word_for_one_thing() -> None:
    assert not list(words.check())


PO = """
msgid "%(number)s article"
msgid_plural "%(number)s articles"
msgstr[0] "%(number)s Artikel"
msgstr[1] ""

#, fuzzy
msgid "Later"
msgstr "Früher"

msgid "Hello %(name)s"
msgstr "Guten Tag"

msgctxt "a verb"
msgid "Sign "
"up"
msgstr "Anmelden"
"""


def test_a_catalogue_must_have_all_words_read_by_somebody_and_with_their_values() -> None:
    assert list(languages.wrong("de", languages.read(PO))) == [
        "de has no words for “%(number)s article”",
        "de only guesses at “Later”",
        "de names other values than “Hello %(name)s”",
    ]
    assert languages.read(PO)[-1].context == "a verb"
    assert languages.read(PO)[-1].text == "Sign up"


def test_texts_are_found_in_code_and_in_templates() -> None:
    code = files.ROOT / "briefing/admin/writing.py"
    template = files.ROOT / "templates/briefing/article.html"

    found = {text for _name, _context, text in languages.spoken([code, template])}

    assert "Somebody else" in found
    assert "Corrected on %(date)s" in found
