"""What counts as noticed, what as equal, and what the table keeps of an earlier run."""

from datetime import date
from pathlib import Path

from tests.mutants import judging, table
from tests.mutants.judging import Equal, Tally
from tests.mutants.mutant import Mutant

FILE, OTHER = "briefing/dispatch/claims.py", "briefing/transports/wire.py"
MUTANTS = [
    Mutant("1", FILE, "claim", "a < b", "a <= b"),
    Mutant("2", FILE, "claim", "a < b", "a + b"),
    Mutant("3", OTHER, "fold", "x", "y"),
    Mutant("4", OTHER, "fold", "x", "z"),
]
EQUALS = [Equal(FILE, "claim", "a <= b", "they are never the same")]


def test_an_equal_change_counts_neither_for_nor_against_a_file() -> None:
    answers = {"1": "survived", "2": "killed", "3": "timeout", "4": "no tests"}

    tallies = judging.tally(MUTANTS, answers, EQUALS)

    assert tallies == [Tally(FILE, 2, 2, 1, 1), Tally(OTHER, 2, 2, 1, 0)]
    assert [tally.share for tally in tallies] == [1.0, 0.5]
    assert judging.unnoticed(MUTANTS, answers, EQUALS) == [(MUTANTS[3], "no tests")]


def test_a_sample_is_spread_over_each_file_and_small_files_are_in_it_wholly() -> None:
    many = [Mutant(str(nth), OTHER, "fold", "x", "y") for nth in range(10)]

    chosen = judging.spread([*MUTANTS[:2], *many], of_each=3)

    assert [mutant.name for mutant in chosen] == ["1", "2", "0", "3", "6"]
    assert judging.spread(MUTANTS, of_each=None) == MUTANTS


def test_a_change_that_is_called_equal_and_noticed_all_the_same_counts_as_noticed() -> None:
    tallies = judging.tally(MUTANTS, {"1": "killed", "2": "killed"}, EQUALS)

    assert tallies[0] == Tally(FILE, 2, 2, 2, 0)


def test_the_files_of_the_promise_need_all_and_a_folder_its_bar() -> None:
    tallies = [Tally(FILE, 100, 100, 99, 0), Tally(OTHER, 100, 100, 10, 0)]

    held = {tally.name: tally.held for tally in judging.with_folders(tallies)}

    assert held == {
        FILE: False,
        OTHER: True,
        "briefing/dispatch": True,
        "briefing/transports": False,
    }


def test_an_equal_that_fits_no_change_of_its_file_is_outdated() -> None:
    gone = Equal(FILE, "claim", "a == b", "it was so")

    assert judging.outdated(MUTANTS, [*EQUALS, gone], [FILE]) == [gone]
    assert judging.outdated(MUTANTS, [*EQUALS, gone], [OTHER]) == []


def test_the_list_of_equals_gives_a_reason_for_each() -> None:
    known = judging.equals(Path(__file__).with_name("equals.toml"))

    assert all(each.reason.endswith(".") for each in known)
    assert len({(each.file, each.function, each.added) for each in known}) == len(known)


def test_rows_of_files_that_were_not_tried_this_time_stay(tmp_path: Path) -> None:
    path = tmp_path / "mutants.md"
    path.write_text(f"before\n{table.BEGIN}\n{table.END}\nbehind\n", "utf-8")
    table.write_document([Tally(OTHER, 9, 3, 2, 0)], path, on=date(2026, 3, 1))

    table.write_document([Tally(FILE, 1000, 1000, 999, 0)], path, on=date(2026, 3, 2))

    lines = path.read_text("utf-8").splitlines()
    assert (lines[0], lines[-1]) == ("before", "behind")
    assert [line for line in lines if line.startswith("| `")] == [
        f"| `{FILE}` | 1000 | 1000 | 999 | 0 | 1 | 99.9 % | 100 % | 2026-03-02 |",
        f"| `{OTHER}` | 9 | 3 | 2 | 0 | 1 | 66.6 % |  | 2026-03-01 |",
        "| `briefing/dispatch` | 1000 | 1000 | 999 | 0 | 1 | 99.9 % | 85 % |  |",
        "| `briefing/transports` | 9 | 3 | 2 | 0 | 1 | 66.6 % | 85 % |  |",
    ]
