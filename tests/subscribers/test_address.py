"""An address as typed becomes one that mail can be written to, or is refused with a sentence."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from subscribers import address

CASES = json.loads(
    (Path(__file__).parent.parent / "payloads" / "addresses" / "cases.json").read_text("utf-8")
)


@pytest.mark.parametrize("case", CASES["good"], ids=lambda case: ascii(case["typed"])[:60])
def test_an_address_that_mail_can_reach_is_kept(case: dict[str, str]) -> None:
    parsed = address.parse(case["typed"])

    assert (parsed.key, parsed.text) == (case["key"], case["text"])
    assert parsed.domain == case["key"].rpartition("@")[2]


@pytest.mark.parametrize("case", CASES["bad"], ids=lambda case: ascii(case["typed"])[:60])
def test_an_address_we_cannot_write_to_is_refused_with_a_sentence(case: dict[str, str]) -> None:
    with pytest.raises(address.AddressRefusedError) as refused:
        address.parse(case["typed"])

    assert refused.value.code == case["code"]
    assert str(refused.value).endswith((".", "sorry."))


def test_a_list_is_read_as_a_form_is() -> None:
    def told(typed: str, read: Callable[[str], address.Address]) -> object:
        try:
            return read(typed)
        except address.AddressRefusedError as error:
            return error.code

    for case in [*CASES["good"], *CASES["bad"]]:
        typed = case["typed"]
        assert told(typed, address.parse_listed) == told(typed, address.parse), ascii(typed)


def test_the_table_has_the_size_the_design_asks_for() -> None:
    assert len(CASES["good"]) + len(CASES["bad"]) >= 150


def test_case_never_makes_a_second_reader() -> None:
    spellings = {address.parse(text).key for text in ("A.B@Example.COM", "a.b@example.com")}

    assert spellings == {"a.b@example.com"}


@given(st.text(max_size=80))
def test_whatever_is_typed_is_either_kept_as_plain_ascii_or_refused(text: str) -> None:
    try:
        parsed = address.parse(text)
    except address.AddressRefusedError:
        return
    assert parsed.text.isascii()
    assert parsed.text.isprintable()
    assert " " not in parsed.text
    assert parsed.text.count("@") == 1


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("anna@gmial.com", "anna@gmail.com"),
        ("anna@gmal.com", "anna@gmail.com"),
        ("anna@gmaill.com", "anna@gmail.com"),
        ("anna@gmail.con", "anna@gmail.com"),
        ("anna@hotmial.com", "anna@hotmail.com"),
        ("Anna@outlok.com", "Anna@outlook.com"),
        ("anna@gmail.com", None),
        ("anna@mail.com", None),
        ("anna@ymail.com", None),
        ("anna@example.com", None),
    ],
)
def test_a_slip_in_a_common_domain_is_noticed(typed: str, meant: str | None) -> None:
    assert address.suggest(address.parse(typed)) == meant


def test_a_page_names_a_domain_in_the_letters_its_owner_knows() -> None:
    assert address.readable("anna@xn--brcke-lva.example") == "anna@brücke.example"
    for text in ("anna@example.com", "anna@xn--strae-oqa.de", "anna@xn--a.example", ""):
        assert address.readable(text) == text


def test_an_old_key_keeps_finding_what_it_hashed(settings: Settings) -> None:
    settings.SUPPRESSION_KEYS = {1: b"o" * 32}
    old = address.address_hash("a@example.com")

    settings.SUPPRESSION_KEYS = {2: b"n" * 32, 1: b"o" * 32}

    assert address.hash_key_id() == 2
    assert address.address_hash("a@example.com") != old
    assert address.hashes_under_all_keys("a@example.com") == [
        address.address_hash("a@example.com"),
        old,
    ]
    assert len(old) == 16


def test_very_many_are_hashed_as_one_is(settings: Settings) -> None:
    settings.SUPPRESSION_KEYS = {3: b"n" * 64, 2: b"l" * 65, 1: b"o" * 32}

    for key, hashes in address.hashes_of_many(["a@example.com", "b@example.com"]).items():
        assert hashes == address.hashes_under_all_keys(key)
