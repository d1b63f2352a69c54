"""Whether a domain lets a mail server send in its name (SPF), asked as receiving servers ask it.

Before it: `dns_records`, which knows whose record counts. What only a mail could tell (macros, `ptr`) is
left open. Source: RFC 7208.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from briefing.nameserver import Asker

# Section 4.6.4: what asks DNS for more than this counts as broken.
_MOST_LOOKUPS, _MOST_EMPTY, _MOST_MAIL_SERVERS = 10, 2, 10
_RECORD = re.compile(r"v=spf1(\s|$)", re.IGNORECASE)
_MODIFIER = re.compile(r"([a-z][a-z0-9_.-]*)=(\S*)$", re.IGNORECASE)
_TERM = re.compile(
    r"([+?~-]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?::([^\s/]+))?(?:/(\d{1,3}))?(?://(\d{1,3}))?$",
    re.IGNORECASE,
)
# Nobody outside sees these: mail leaves from another address than the one we reach the server at.
# Source: RFC 6890.
_INSIDE = tuple(
    ip_network(each)
    for each in (
        *("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.168.0.0/16", "::1/128", "fc00::/7", "fe80::/10"),
    )
)
# Whose mail servers write an envelope of their own, for which the provider answers.
# Source: each provider's page on its return path, such as Amazon's "Using a custom MAIL FROM domain".
_OWN_ENVELOPE = (
    *("amazonaws.com", "brevo.com", "mailersend.net", "mailjet.com", "mandrillapp.com"),
    *("postmarkapp.com", "resend.com", "sendgrid.net", "sendinblue.com", "sparkpostmail.com"),
)
# Whose mail servers keep the envelope, and what they have their customers include.
# Source: each provider's page on SPF, such as Google's "Set up SPF" and Microsoft's "Set up SPF".
_INCLUDES = {
    "fastmail.com": "spf.messagingengine.com",
    "gmail.com": "_spf.google.com",
    "mailgun.org": "mailgun.org",
    "office365.com": "spf.protection.outlook.com",
    "outlook.com": "spf.protection.outlook.com",
}

Address = IPv4Address | IPv6Address


class BrokenError(Exception):
    """The record, or one it leads to, cannot be followed: receiving servers take it for none."""


@dataclass(frozen=True, slots=True)
class _Term:
    """One mechanism: what it lets through (`+`), and to whom it applies."""

    qualifier: str
    name: str
    value: str
    bits4: int
    bits6: int


def keeps_envelope(url: str) -> bool:
    """Whether mail through an account keeps the envelope that we give it."""
    parts = urlsplit(url)
    return parts.scheme != "anymail" and not _of(parts.hostname or "", _OWN_ENVELOPE)


def words_for(host: str) -> str:
    """Return the words that let a mail server through."""
    known = _of(host, _INCLUDES)
    return f"include:{_INCLUDES[known]}" if known else f"a:{host}"


def record(texts: Iterable[str]) -> list[str]:
    """Return the SPF records among a name's texts."""
    return [each for each in texts if _RECORD.match(each)]


def lets_everybody(text: str) -> bool:
    """Whether a record allows the whole world. Raises: BrokenError."""
    terms, _redirect = _read(text)
    return any(term.name == "all" and term.qualifier == "+" for term in terms)


def permits(domain: str, host: str, asker: Asker) -> bool | None:
    """Whether a domain lets a server send in its name; None where that cannot be told from here.

    Raises: BrokenError, SilentError.
    """
    open_questions = False
    addresses = _seen_from_outside(host, asker)
    for address in addresses:
        walk = _Walk(asker, address)
        if walk.check(domain) == "+" or walk.names_provider_of(host):
            return True
        open_questions = open_questions or walk.is_open
    return False if addresses and not open_questions else None


class _Walk:
    """One way through a record and those it leads to, for one address; it counts what it asks."""

    def __init__(self, asker: Asker, address: Address) -> None:
        self.is_open = False
        self._asker, self._address = asker, address
        self._lookups = self._empty = 0
        self._included: list[str] = []

    def check(self, domain: str) -> str:
        """Return the qualifier of what applies first. Raises: BrokenError, SilentError."""
        found = record(self._asker.texts(domain))
        if len(found) != 1:
            raise BrokenError(domain)
        terms, redirect = _read(found[0])
        for term in terms:
            if self._applies(term, term.value or domain):
                return term.qualifier
        if not redirect or self._leaves_open(redirect):
            return "?"
        return self.check(redirect)

    def names_provider_of(self, host: str) -> bool:
        """Whether what was included is the provider's: mail may leave by other addresses of theirs."""
        known = _of(host, _INCLUDES)
        family = ".".join(host.split(".")[-2:])
        wanted = {_INCLUDES[known]} if known else set()
        return any(each in wanted or _of(each, [family]) for each in self._included)

    def _applies(self, term: _Term, target: str) -> bool:
        if term.name in {"all", "ip4", "ip6"}:
            return term.name == "all" or self._is_within([term.value], term)
        if self._leaves_open(target) or term.name == "ptr":
            self.is_open = True
            return False
        if term.name == "include":
            self._included += [target] if term.qualifier == "+" else []
            return self.check(target) == "+"
        if term.name == "exists":
            return bool(self._some(self._asker.addresses(target, version=4)))
        names = [target]
        if term.name == "mx":
            names = self._some(self._asker.mail_servers(target))
            if len(names) > _MOST_MAIL_SERVERS:
                raise BrokenError(target)
        return any(self._is_within(self._addresses(name), term) for name in names)

    def _leaves_open(self, target: str) -> bool:
        """Count one look-up; returns whether it cannot be made, as a macro stands in the name."""
        self._lookups += 1
        if self._lookups > _MOST_LOOKUPS:
            raise BrokenError(target)
        self.is_open = self.is_open or "%" in target
        return "%" in target

    def _addresses(self, name: str) -> Sequence[str]:
        return self._some(self._asker.addresses(name, version=self._address.version))

    def _some(self, found: list[str]) -> list[str]:
        self._empty += not found
        if self._empty > _MOST_EMPTY:
            raise BrokenError
        return found

    def _is_within(self, addresses: Sequence[str], term: _Term) -> bool:
        bits = term.bits4 if self._address.version == 4 else term.bits6
        return any(
            self._address in ip_network(f"{each}/{bits}", strict=False)
            for each in addresses
            if ip_address(each).version == self._address.version
        )


def _read(text: str) -> tuple[list[_Term], str]:
    """Return a record's mechanisms and where it goes on. Raises: BrokenError (section 4.6)."""
    terms, redirect = [], ""
    for word in text.lower().split()[1:]:
        modifier = _MODIFIER.match(word)
        if modifier:
            redirect = modifier[2] if modifier[1] == "redirect" else redirect
            continue
        found = _TERM.match(word)
        if found is None:
            raise BrokenError(word)
        terms.append(_term(found))
    # Whoever names everybody goes nowhere else (section 6.1).
    return terms, "" if any(term.name == "all" for term in terms) else redirect


def _term(found: re.Match[str]) -> _Term:
    sign, name, value, bits4, bits6 = found.groups()
    if name == "ip6":
        bits4, bits6 = None, bits4
    term = _Term(sign or "+", name, value or "", int(bits4 or 32), int(bits6 or 128))
    if (name in {"include", "exists", "ip4", "ip6"}) != bool(value) and name not in {
        "a",
        "mx",
        "ptr",
    }:
        raise BrokenError(found[0])
    try:
        if name in {"ip4", "ip6"} and ip_address(term.value).version != int(name[2]):
            raise BrokenError(found[0])
    except ValueError as error:
        raise BrokenError(found[0]) from error
    if term.bits4 > 32 or term.bits6 > 128:
        raise BrokenError(found[0])
    return term


def _seen_from_outside(host: str, asker: Asker) -> list[Address]:
    """Return a server's addresses, other than those that only we can reach it at."""
    try:
        found = [ip_address(host)]
    except ValueError:
        # A name without a dot is known inside this house alone.
        versions = (4, 6) if "." in host else ()
        texts = [text for each in versions for text in asker.addresses(host, version=each)]
        found = [ip_address(text) for text in texts]
    return [each for each in found if not any(each in inside for inside in _INSIDE)]


def _of(host: str, domains: Iterable[str]) -> str:
    """Return the domain that a host is of, or nothing."""
    return next((each for each in domains if host == each or host.endswith(f".{each}")), "")
