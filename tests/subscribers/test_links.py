"""Signed links: what was made here comes back, and nothing else does."""

import base64

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from subscribers import links
from tests.briefing.transports.messages import LONGEST_TOKEN

NUMBERS = {
    ">QI": (71, 3),
    ">Q": (71,),
    ">QII": (71, 3, 1),
    ">QQ": (9, 71),
    ">QH": (9, 4),
    ">QQH": (9, 71, 4),
    ">I": (5,),
}
NEW_KEY = b"tests-only-newer-link-key-0123456789"
HOUR = 3600
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.mark.parametrize("purpose", links.FORMS)
def test_a_token_gives_back_what_it_was_made_for(purpose: str) -> None:
    numbers = NUMBERS[links.FORMS[purpose]]
    assert links.read(purpose, links.make(purpose, *numbers)) == numbers


@given(subscriber=st.integers(0, 2**64 - 1), newsletter=st.integers(0, 2**32 - 1))
def test_any_reader_and_newsletter_survive_the_way_there_and_back(
    subscriber: int, newsletter: int
) -> None:
    token = links.make("unsubscribe", subscriber, newsletter)
    assert links.read("unsubscribe", token) == (subscriber, newsletter)


def test_a_token_is_safe_in_an_address() -> None:
    token = links.make("unsubscribe", 2**64 - 1, 2**32 - 1)
    assert set(token) <= set(ALPHABET)


@pytest.mark.parametrize("purpose", links.FORMS)
def test_a_token_stands_on_one_line_of_a_mail(purpose: str) -> None:
    assert len(links.make(purpose, *NUMBERS[links.FORMS[purpose]])) <= LONGEST_TOKEN


@pytest.mark.parametrize("purpose", links.FORMS)
def test_a_token_serves_one_purpose_only(purpose: str) -> None:
    token = links.make(purpose, *NUMBERS[links.FORMS[purpose]])
    for other in links.FORMS.keys() - {purpose}:
        with pytest.raises(links.BadLinkError):
            links.read(other, token)


def test_no_single_bit_of_a_token_can_be_changed() -> None:
    raw = base64.urlsafe_b64decode(links.make("confirm", 71, 5) + "=")
    for bit in range(len(raw) * 8):
        altered = bytearray(raw)
        altered[bit // 8] ^= 1 << bit % 8
        token = base64.urlsafe_b64encode(altered).rstrip(b"=").decode()
        with pytest.raises(links.BadLinkError):
            links.read("confirm", token)


def test_a_token_has_exactly_one_spelling() -> None:
    token = links.make("receipt", 71)
    # Its 41 bytes leave two bits of the last letter unused: base64 reads four letters alike there.
    last = ALPHABET.index(token[-1])
    respelt = [token[:-1] + ALPHABET[last ^ unused] for unused in (1, 2, 3)]
    padded = [f"{token}=", f"{token}==", f" {token}", f"{token}\n", f"{token[:4]}\n{token[4:]}"]
    for spelling in respelt + padded:
        with pytest.raises(links.BadLinkError):
            links.read("receipt", spelling)


def test_the_other_alphabet_of_base64_is_not_accepted() -> None:
    token = next(
        made for number in range(200) if set(made := links.make("receipt", number)) & set("-_")
    )
    with pytest.raises(links.BadLinkError):
        links.read("receipt", token.replace("-", "+").replace("_", "/"))


@pytest.mark.parametrize(
    "nonsense", ["", "=", "A", "é" * 60, "\x00" * 60, "A" * 10_000, "%2e%2e", "None", "../" * 20]
)
def test_nonsense_is_a_bad_link_and_nothing_worse(nonsense: str) -> None:
    with pytest.raises(links.BadLinkError):
        links.read("unsubscribe", nonsense)


@given(st.text(max_size=80))
def test_no_text_at_all_is_taken_for_a_token(text: str) -> None:
    with pytest.raises(links.BadLinkError):
        links.read("unsubscribe", text)


def test_links_in_old_mail_work_after_the_key_was_rotated(settings: Settings) -> None:
    old = links.make("unsubscribe", 71, 3)
    settings.LINK_KEYS = {2: NEW_KEY, **settings.LINK_KEYS}
    new = links.make("unsubscribe", 71, 3)
    assert new != old
    assert links.read("unsubscribe", old) == links.read("unsubscribe", new) == (71, 3)


def test_links_end_when_their_key_is_taken_away(settings: Settings) -> None:
    old = links.make("unsubscribe", 71, 3)
    settings.LINK_KEYS = {2: NEW_KEY}
    with pytest.raises(links.BadLinkError):
        links.read("unsubscribe", old)


def test_a_key_under_another_id_does_not_verify(settings: Settings) -> None:
    token = links.make("unsubscribe", 71, 3)
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    settings.LINK_KEYS = {**settings.LINK_KEYS, 2: NEW_KEY}
    raw[0] = 2
    with pytest.raises(links.BadLinkError):
        links.read("unsubscribe", base64.urlsafe_b64encode(raw).rstrip(b"=").decode())


def test_a_confirmation_lives_72_hours_and_then_still_says_for_whom() -> None:
    with time_machine.travel("2026-03-02 09:00:00+00:00", tick=False) as clock:
        token = links.make("confirm", 71, links.now())
        clock.shift(72 * HOUR)
        assert links.read_fresh("confirm", token) == (71,)
        clock.shift(1)
        with pytest.raises(links.ExpiredLinkError) as expired:
            links.read_fresh("confirm", token)
    assert expired.value.numbers == (71,)


def test_an_altered_token_is_bad_and_not_expired() -> None:
    token = links.make("confirm", 71, 0)
    with pytest.raises(links.BadLinkError) as bad:
        links.read_fresh("confirm", token[:-2] + ("AA" if token[-2:] != "AA" else "BB"))
    assert not isinstance(bad.value, links.ExpiredLinkError)


def test_many_tokens_are_made_as_one_is() -> None:
    sign = links.signer("view")
    assert [sign(9, reader) for reader in (1, 2)] == [links.make("view", 9, n) for n in (1, 2)]


def test_a_link_is_built_from_the_public_address(settings: Settings) -> None:
    settings.PUBLIC_BASE_URL = "https://briefing.example"
    assert links.absolute("/confirm/x/") == "https://briefing.example/confirm/x/"
