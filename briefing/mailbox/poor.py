"""Bounces that are only text: what qmail, older Exim and many gateways write to an envelope's sender.

Pure. There is no form to rely on, so the null return path of RFC 5321 section 4.5.5, the sender's
name or Exim's own field tell that it is a bounce; the first enhanced code in the text tells which.
"""

import re
from email.message import Message
from email.utils import parseaddr

from briefing.mailbox.parts import field, text_of
from briefing.mailbox.statuses import Status, tidy
from briefing.tracking.verdicts import enhanced, of_bounce

_DAEMONS = frozenset({"mailer-daemon", "postmaster", "mail-daemon", "mdaemon"})
# A receiving server's reply as bounces quote it: "550 5.1.1 ...", "#5.1.1", "550-5.1.1 ...".
_REPLY = re.compile(r"(?m)^.*?\b([45]\d\d[ -]+.*|#?[45]\.\d{1,3}\.\d{1,3}\b.*)$")


def of(message: Message) -> Status | None:
    """Return what a bounce without a form says; None when this is none."""
    if not is_bounce(message):
        return None
    text = next(
        (text_of(each) for each in message.walk() if each.get_content_type() == "text/plain"), ""
    )
    words = next((found for found in _REPLY.findall(text) if enhanced(found)), "")
    status = enhanced(words) or enhanced(field(message, "Subject"))
    # A warning that it tries on says 4.x and is followed by the end; Exim's field is the end.
    tries_on = status.startswith("4") and not field(message, "X-Failed-Recipients")
    kind = "deferred" if tries_on else "bounced"
    return Status(kind, of_bounce(status, words), status, tidy(words))


def is_bounce(message: Message) -> bool:
    """Whether a mail server wrote this because a copy could not be delivered."""
    if field(message, "X-Failed-Recipients"):
        return True
    local = parseaddr(field(message, "From"))[1].partition("@")[0].lower()
    answered = field(message, "Auto-Submitted").lower().startswith("auto-replied")
    return local in _DAEMONS and not answered
