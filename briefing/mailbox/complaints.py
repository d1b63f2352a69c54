"""Complaints as RFC 5965 has them: a reader pressed "this is spam" and a provider says so.

Pure. Many providers take the reader's address out of the report; our own signature in the returned
Message-ID names the reader all the same.
"""

from email.message import Message

from briefing.mailbox.parts import blocks, field, part

# Everything else is one: RFC 5965 section 3.1 has unknown types taken for "other".
_NO_COMPLAINT = frozenset({"not-spam", "auth-failure"})


def of(message: Message) -> str:
    """Return what a feedback report is: a complaint, or something nobody has to act on.

    "not-spam" takes a complaint back, which lifts nothing: only the reader can, by signing up again.
    "auth-failure" is about mail in our name, not about a reader.
    """
    report = part(message, "message/feedback-report")
    said = ""
    for block in blocks(report) if report else ():
        said = said or field(block, "Feedback-Type").lower()
    return "complained" if said and said not in _NO_COMPLAINT else "automatic"
