"""The demo's readers are the same ones every time, and nobody who exists."""

from pathlib import Path

from django.conf import settings

from briefing.demo import readers
from subscribers import address

POOLS = Path(settings.BASE_DIR) / "seeds" / "readers.toml"
_RESERVED = (".example", ".example.com", ".example.net", ".example.org")


def test_a_longer_list_begins_with_the_shorter_one() -> None:
    assert readers.draw(POOLS, 300)[:40] == readers.draw(POOLS, 40)


def test_every_address_is_another_one_that_signup_takes_and_no_mail_can_reach() -> None:
    drawn = readers.draw(POOLS, 2000)
    keys = {address.parse(reader.address).key for reader in drawn}
    assert len(keys) == 2000
    assert all(reader.address.endswith(_RESERVED) for reader in drawn)


def test_the_address_in_the_envelope_is_the_one_drawn() -> None:
    # The sink's mail is matched to readers by it.
    drawn = readers.draw(POOLS, 500)
    assert [address.parse(reader.address).text for reader in drawn] == [
        reader.address for reader in drawn
    ]


def test_readers_speak_several_languages_and_some_prefer_plain_text() -> None:
    drawn = readers.draw(POOLS, 500)
    assert {reader.language for reader in drawn} == {"de", "en"}
    assert {reader.format for reader in drawn} == {"html", "text"}
    assert any(not reader.name.isascii() for reader in drawn)
