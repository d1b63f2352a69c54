"""Test mails of an issue or a series: marked as such, counted nowhere, their links harmless."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from briefing.issues import copies, subjects
from briefing.models import Issue
from subscribers import emails, links
from subscribers.models import SeriesStep
from subscribers.ports import Answer, Mail, publishing


@dataclass(frozen=True, slots=True)
class Tried:
    """One test mail: to whom, with which of two subjects, and what the provider said."""

    recipient: str
    arm: str
    answer: Answer


def send_test(issue: Issue, recipients: Sequence[str], *, now: datetime) -> list[Tried]:
    """Send the issue as it stands to each address, with each of its subjects.

    Raises: CompileError, slots.UnknownVariableError, rendering.BrokenMailError.
    """
    tried = []
    for recipient in recipients:
        for arm in subjects.arms(issue):
            copy = copies.preview(issue, name="", address=recipient, now=now, arm=arm)
            answer = publishing().send(_mail(issue, recipient, copy, arm=arm))
            tried.append(Tried(recipient, arm, answer))
    return tried


def send_step(step: SeriesStep, recipients: Sequence[str]) -> list[Tried]:
    """Send a mail of a welcome series as it stands to each address.

    Raises: slots.UnknownVariableError, rendering.BrokenMailError.
    """
    tried = []
    for recipient in recipients:
        mail = emails.step_proof(step, name="", address=recipient)
        marked = replace(mail, subject=_("[Test] %(subject)s") % {"subject": mail.subject})
        tried.append(Tried(recipient, subjects.A, publishing().send(marked)))
    return tried


def _mail(issue: Issue, recipient: str, copy: copies.IssueCopy, *, arm: str) -> Mail:
    newsletter = issue.newsletter
    mark = _("[Test] %(subject)s")
    if issue.second_subject:
        # Side by side in one mailbox, as no reader will see them.
        mark = _("[Test B] %(subject)s") if arm == subjects.B else _("[Test A] %(subject)s")
    return Mail(
        purpose="test",
        reference=links.make("reference", 0, links.now()),
        recipient=recipient,
        from_name=newsletter.from_name,
        from_address=newsletter.from_address,
        reply_to=newsletter.reply_to,
        subject=mark % {"subject": copy.subject},
        text=copy.text,
        html=copy.html,
    )
