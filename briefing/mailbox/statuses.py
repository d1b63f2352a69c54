"""Delivery status notifications as RFC 3464 has them: one verdict for one copy of ours.

Pure. A copy has one recipient, so of several blocks the first that failed is the one that counts.
"""

import re
from dataclasses import dataclass
from email.message import Message

from briefing.mailbox.parts import blocks, field, part
from briefing.tracking.verdicts import Bounce, enhanced, of_bounce

_ADDRESS = re.compile(r"<?[^\s<>@;]+@[^\s<>;]+>?")
# Cut before it is searched, and again behind that: anybody may write a field as long as a mail, and
# each place of one word could begin an address.
_MAX_READ = 1000
_MAX_WORDS = 120
# RFC 3464 section 2.3.3. "relayed" and "expanded" left the world that reports: nothing follows.
_KINDS = {"failed": "bounced", "delayed": "deferred", "delivered": "delivered"}


@dataclass(frozen=True, slots=True)
class Status:
    """What became of a copy at the receiving side. `words` hold no address."""

    kind: str
    bounce: Bounce | None
    status: str
    words: str


def of(message: Message) -> Status | None:
    """Return what a delivery report says; None when it says nothing we know."""
    report = part(message, "message/delivery-status", "message/global-delivery-status")
    if report is None:
        return None
    found = [each for each in map(_of_block, blocks(report)) if each]
    failed = (each for each in found if each.kind == "bounced")
    return next(failed, found[0] if found else None)


def _of_block(block: Message) -> Status | None:
    # The value may be followed by a comment: "failed (expired)".
    action = field(block, "Action").lower().partition(" ")[0]
    kind = _KINDS.get(action)
    if kind is None:
        return None
    status = enhanced(field(block, "Status"))
    words = field(block, "Diagnostic-Code").partition(";")[2].strip()
    bounce = of_bounce(status, words) if kind != "delivered" else None
    return Status(kind, bounce, enhanced(words) or status, tidy(words))


def tidy(words: str) -> str:
    """Return a server's words without addresses, which it likes to quote, and not too long."""
    return " ".join(_ADDRESS.sub("<address>", words[:_MAX_READ]).split())[:_MAX_WORDS]
