"""What a bounce says, and of whom: one pure table of enhanced status codes.

Before it: a report, by mail or from a provider. After it: the fate of a delivery, and the rule that
suppresses. Decided by code, never by the words around it.
Sources: RFC 3463 and the registry it founded (IANA, SMTP Enhanced Status Codes); RFC 7372
(authentication); Google's SMTP errors (support.google.com/a/answer/3726730); Microsoft's
non-delivery reports (learn.microsoft.com, non-delivery-reports-in-exchange-online).
"""

import re
from enum import StrEnum


class Bounce(StrEnum):
    """Whose trouble a bounce is. Only HARD is final about the reader's address."""

    HARD = "hard"  # there is no such mailbox, and there will be none
    FULL = "full"  # there is, and it takes nothing until its owner tidies up
    SOFT = "soft"  # anything else, and whatever is not said clearly
    BLOCKED = "blocked"  # refused for our reputation or for what we wrote
    AUTHENTICATION = "authentication"  # our SPF, DKIM, DMARC, TLS or reverse DNS failed

    @property
    def ours(self) -> bool:
        """Whether the reader has nothing to do with it: it must never count against them."""
        return self in {Bounce.BLOCKED, Bounce.AUTHENTICATION}


_HARD = frozenset({
    "5.1.1",  # no such mailbox
    "5.1.2",  # no such domain
    "5.1.3",  # no address at all
    "5.1.4",  # several mailboxes answer to it
    "5.1.6",  # moved, nobody knows where to
    "5.1.10",  # a domain that takes no mail: null MX, RFC 7505
    "5.2.1",  # closed
    "5.4.1",  # Exchange Online says it of recipients that it does not know
    "5.4.4",  # Postfix says it of domains that do not exist
    "5.4.310",  # Exchange Online says it of domains that do not exist
    "5.5.0",  # outlook.com says it of mailboxes that do not exist
})  # fmt: skip
_AUTHENTICATION = frozenset({
    "7.20", "7.21", "7.22",  # DKIM: no signature passes, or none that is acceptable
    "7.23", "7.24",  # SPF
    "7.25",  # reverse DNS
    "7.26",  # several checks at once: what Gmail says of mail without any
    "7.27",  # SPF, as Gmail says it
    "7.29",  # TLS, as Gmail says it
    "7.30",  # DKIM, as Gmail says it
    "7.32",  # header From not aligned, as Gmail says it
    "7.40",  # DMARC's record, as Gmail says it
    "7.509",  # DMARC, as Exchange Online says it
    "7.515",  # outlook.com's level of authentication for senders of much mail
})  # fmt: skip
# Bad envelope address or domain of ours; the message itself; everything that is security or policy.
_BLOCKED = re.compile(r"[45]\.(1\.[78]|6\.\d+|7\.\d+)\Z")

_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")


def of_bounce(status: str, words: str = "") -> Bounce:
    """Return what a bounce means. `words` is the receiving server's reply, where it is known.

    Relays like to report 5.0.0 or 5.7.1 around a reply that says more, so the reply's own code is
    heard first.
    """
    code = next((found for found in (enhanced(words), enhanced(status)) if _says_much(found)), "")
    subject_and_detail = code[2:]
    if subject_and_detail in _AUTHENTICATION:
        return Bounce.AUTHENTICATION
    if subject_and_detail == "2.2":
        return Bounce.FULL
    if code in _HARD:
        return Bounce.HARD
    return Bounce.BLOCKED if _BLOCKED.match(code) else Bounce.SOFT


def enhanced(text: str) -> str:
    """Return the first enhanced status code in a status field or in a server's reply, or nothing."""
    found = _ENHANCED.search(text)
    return found[1] if found else ""


def _says_much(code: str) -> bool:
    """Whether a code is more than "it did not work"."""
    return bool(code) and not code.endswith(".0.0")
