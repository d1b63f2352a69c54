"""Reads an address that a person typed: refuses what cannot be written to, names and hashes the rest.

Everything that meets an address starts here: the form, the import, the suppression look-up.
"""

import hmac
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, ValidatedEmail, validate_email

# RFC 3696 errata 1690: a path is 256 octets with its angle brackets.
MAX_LENGTH = 254
_HASH_BYTES = 16
# A local part that needs no second look: RFC 5321, a dot-string of the most usual letters.
_PLAIN = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
_LONGEST_LOCAL = 64

# Scripts that are written together in one word (UTS 39, "highly restrictive"); else one at a time.
_TOGETHER = (
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA"},
    {"LATIN", "CJK", "HANGUL"},
    {"LATIN", "CJK", "BOPOMOFO"},
)
# The scripts whose letters can pass for another script's; every other letter counts as "OTHER".
_SCRIPTS = frozenset(
    "LATIN CJK HIRAGANA KATAKANA HANGUL BOPOMOFO CYRILLIC GREEK ARMENIAN HEBREW ARABIC CHEROKEE "
    "DEVANAGARI THAI GEORGIAN".split()
)

# Short names (me.com, gmx.de) are left out: too many real domains are one letter away from them.
_COMMON_DOMAINS = (
    "gmail.com googlemail.com yahoo.com yahoo.de yahoo.fr yahoo.co.uk yahoo.co.jp hotmail.com "
    "hotmail.fr hotmail.co.uk outlook.com outlook.de outlook.fr icloud.com proton.me "
    "protonmail.com fastmail.com t-online.de orange.fr libero.it comcast.net verizon.net naver.com"
).split()
# Providers to whom dots before the @ mean nothing, each under the name of its mailboxes.
_DOTLESS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}
# Real providers that are one letter away from a larger one.
_NOT_SLIPS = frozenset({"mail.com", "ymail.com", "email.com", "gmail.co", "yahoo.co", "yahoo.ca"})


class AddressRefusedError(ValueError):
    """We cannot write to this. `code` is for machines, the message is a sentence for the person."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class Address(NamedTuple):
    """An address that mail can be written to.

    `text` keeps the local part as typed and has the domain in its ASCII form: it is what goes on
    the wire. `key` is what makes two spellings one reader.
    """

    text: str
    key: str
    domain: str


def parse(typed: str) -> Address:
    """Return the address a person typed.

    Raises: AddressRefusedError with a sentence that says what to do.
    """
    text = unicodedata.normalize("NFC", typed.strip())
    if not text:
        raise AddressRefusedError("empty", _("Please enter your email address."))
    if len(text) > MAX_LENGTH:
        raise AddressRefusedError("too_long", _("This address is too long to be right."))
    result = _validated(text)
    _refuse_local_part(result.local_part)
    _refuse_domain(result)
    domain = result.ascii_domain.lower()
    text = f"{result.local_part}@{domain}"
    if len(text) > MAX_LENGTH:
        raise AddressRefusedError("too_long", _("This address is too long to be right."))
    return Address(text=text, key=f"{result.local_part.casefold()}@{domain}", domain=domain)


def parse_listed(typed: str) -> Address:
    """Do what `parse` does, for a list of very many: its domains are looked at once.

    Raises: AddressRefusedError.
    """
    text = typed.strip()
    local, _at, domain = text.rpartition("@")
    if len(text) > MAX_LENGTH or len(local) > _LONGEST_LOCAL or not _PLAIN.fullmatch(local):
        return parse(text)
    domain = _listed_domain(domain)
    if len(local) + 1 + len(domain) > MAX_LENGTH:
        return parse(text)
    return Address(text=f"{local}@{domain}", key=f"{local.lower()}@{domain}", domain=domain)


@lru_cache(maxsize=65_536)
def _listed_domain(domain: str) -> str:
    return parse(f"a@{domain}").domain


def mailbox(key: str) -> str:
    """Return the mailbox that a normalised address most probably leads to, for limits to count by.

    What stands behind a plus is the owner's own remark (RFC 5233): without this, a stranger has as
    many names for one victim as he can type. Never to write to, and never to know a reader by.
    """
    local, _at, domain = key.rpartition("@")
    local = local.partition("+")[0] or local
    if domain in _DOTLESS:
        local, domain = local.replace(".", ""), _DOTLESS[domain]
    return f"{local}@{domain}"


def address_hash(key: str) -> bytes:
    """Return the keyed hash that suppression knows a normalised address by; the newest key signs."""
    return _hash(hash_key_id(), key)


def hash_key_id() -> int:
    """Return the id of the key that `address_hash` uses."""
    return next(iter(settings.SUPPRESSION_KEYS))


def hashes_under_all_keys(key: str) -> list[bytes]:
    """Return the address's hash under every known key, the newest first.

    An erased address can never be hashed again with a newer key, so old keys must keep answering.
    """
    return list(keyed_hashes(key).values())


def hashes_of_many(keys: Iterable[str]) -> dict[str, list[bytes]]:
    """Return `hashes_under_all_keys` of very many addresses."""
    # A key is hashed once; each address goes on from there.
    begun = [hmac.new(secret, digestmod="sha256") for secret in settings.SUPPRESSION_KEYS.values()]
    return {key: [_ended(each.copy(), key) for each in begun] for key in keys}


def keyed_hashes(key: str) -> dict[int, bytes]:
    """Return the same by the keys' ids."""
    return {key_id: _hash(key_id, key) for key_id in settings.SUPPRESSION_KEYS}


def suggest(address: Address) -> str | None:
    """Return the address the person probably meant, when the domain is one slip off a common one."""
    if address.domain in _COMMON_DOMAINS or address.domain in _NOT_SLIPS:
        return None
    for domain in _COMMON_DOMAINS:
        if _one_slip_apart(address.domain, domain):
            return f"{address.text.rpartition('@')[0]}@{domain}"
    return None


def readable(text: str) -> str:
    """Return an address with its domain in the letters that its owner knows it by: for pages only."""
    local, found, domain = text.rpartition("@")
    try:
        return f"{local}{found}{domain.encode().decode('idna')}"
    except UnicodeError:
        return text


def hint(text: str) -> str:
    """Return an address that its owner recognises and nobody else can use: a…@example.com."""
    local, _at, domain = text.rpartition("@")
    return f"{local[:1]}…@{domain}"


def _ended(begun: hmac.HMAC, key: str) -> bytes:
    begun.update(key.encode())
    return begun.digest()[:_HASH_BYTES]


def _hash(key_id: int, key: str) -> bytes:
    digest = hmac.digest(settings.SUPPRESSION_KEYS[key_id], key.encode(), "sha256")
    return digest[:_HASH_BYTES]


def _validated(text: str) -> ValidatedEmail:
    if any(unicodedata.category(character).startswith("C") for character in text):
        raise AddressRefusedError(
            "invisible", _("This address contains a character that cannot be seen. Type it again.")
        )
    if "@" not in text:
        raise AddressRefusedError(
            "no_at", _("An email address has an @ in it, like name@example.com.")
        )
    if text.endswith("]"):
        raise AddressRefusedError(
            "ip_literal", _("Please give an address with a domain name, not with numbers.")
        )
    try:
        # No look-up of the domain here: its time would depend on the address, and it can hang.
        return validate_email(text, check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        raise AddressRefusedError(
            "syntax", _("This does not look like an email address. Please check it for slips.")
        ) from error


def _refuse_local_part(local_part: str) -> None:
    if not local_part.isascii():
        # Most providers and many receiving servers cannot take such an address (RFC 6531), and the
        # person would wait for a mail that never comes.
        raise AddressRefusedError(
            "not_ascii",
            _("We can only write to addresses with plain letters (a to z) before the @, sorry."),
        )
    if any(character in local_part for character in "%!"):
        raise AddressRefusedError(
            "route", _("We cannot write to addresses with % or ! in them. Please use another one.")
        )


def _refuse_domain(result: ValidatedEmail) -> None:
    labels = result.domain.split(".")
    if any(_is_mixed(label) for label in labels):
        raise AddressRefusedError(
            "mixed_scripts",
            _("The part after the @ mixes letters of different alphabets. Please type it again."),
        )
    if len(result.ascii_domain.rpartition(".")[2]) < 2:
        raise AddressRefusedError(
            "single_letter", _("The address seems to be cut off. Please check its ending.")
        )


def _is_mixed(label: str) -> bool:
    scripts = {_script(character) for character in label if character.isalpha()}
    return len(scripts) > 1 and not any(scripts <= allowed for allowed in _TOGETHER)


def _script(letter: str) -> str:
    first = unicodedata.name(letter, "OTHER").split(" ", 1)[0]
    return first if first in _SCRIPTS else "OTHER"


def _one_slip_apart(typed: str, meant: str) -> bool:
    """Whether one letter was swapped with its neighbour, doubled, dropped, added or mistyped."""
    if abs(len(typed) - len(meant)) > 1:
        return False
    start = 0
    while start < min(len(typed), len(meant)) and typed[start] == meant[start]:
        start += 1
    left, right = typed[start:], meant[start:]
    if len(left) == len(right):
        swapped = left[:2] == right[1::-1] and left[2:] == right[2:]
        return swapped or left[1:] == right[1:]
    return left[1:] == right if len(left) > len(right) else left == right[1:]
