"""Test mails of an issue: marked as such, counted nowhere, their links harmless."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from briefing.issues import copies
from briefing.models import Issue
from subscribers import links
from subscribers.ports import Answer, Mail, publishing


def send_test(issue: Issue, recipients: Sequence[str], *, now: datetime) -> dict[str, Answer]:
    """Send the issue as it stands to each address; return what the provider said to each.

    Raises: CompileError, slots.UnknownVariableError, rendering.BrokenMailError.
    """
    answers: dict[str, Answer] = {}
    for recipient in recipients:
        copy = copies.preview(
            issue, name="", address=recipient, locale=issue.newsletter.locale, now=now
        )
        answers[recipient] = publishing().send(_mail(issue, recipient, copy))
    return answers


def _mail(issue: Issue, recipient: str, copy: copies.IssueCopy) -> Mail:
    newsletter = issue.newsletter
    return Mail(
        purpose="test",
        reference=links.make("reference", 0, links.now()),
        recipient=recipient,
        from_name=newsletter.from_name,
        from_address=newsletter.from_address,
        reply_to=newsletter.reply_to,
        subject=_("[Test] %(subject)s") % {"subject": copy.subject},
        text=copy.text,
        html=copy.html,
    )
