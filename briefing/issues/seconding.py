"""The second person: whether somebody has approved what would go out, word for word.

Off unless SECOND_PERSON_ABOVE says from how many readers on. An approval is of what readers would
see; a change of the issue, or of an article's headline, makes it void, and changing it back does not.
Source: OWASP ASVS 5.0.0, 2.3.5.
"""

import hashlib
import json
from dataclasses import asdict

from django.conf import settings
from django.db.models import QuerySet

from briefing.issues import contents
from briefing.models import AuditEntry, Issue

ACT = "issue.approve"
# What of an article's place in a mail comes from its text alone: a mended comma there is no change.
_ASIDE = "minutes"


def is_needed(readers: int) -> bool:
    """Whether so many readers need a second person."""
    return 0 < settings.SECOND_PERSON_ABOVE < readers


def fingerprint(issue: Issue, kind: str) -> str:
    """Return something that differs whenever readers would be sent something else."""
    articles = [asdict(entry) for entry in contents.read(issue).entries()]
    for article in articles:
        del article[_ASIDE]
    texts = [issue.subject, issue.second_subject, issue.preheader, issue.intro]
    told = json.dumps([kind, texts, articles], ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def approvals(issue: Issue, kind: str) -> "QuerySet[AuditEntry]":
    """Return who has approved exactly this, newest first."""
    return (
        AuditEntry.objects.filter(
            act=ACT,
            subject=Issue._meta.label_lower,
            subject_id=str(issue.pk),
            actor__isnull=False,
            detail__content=fingerprint(issue, kind),
        )
        .select_related("actor")
        .order_by("-pk")
    )
