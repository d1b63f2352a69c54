"""The publishing side of the database, in the order in which an article becomes a delivery."""

from briefing.models.account import Allowance, Breaker, Bucket
from briefing.models.alert import Alert
from briefing.models.article import (
    Article,
    ArticleAuthor,
    ArticleQuerySet,
    Author,
    Correction,
    FormerSlug,
    KeptText,
    Source,
    WatchItem,
)
from briefing.models.audit import AuditEntry
from briefing.models.count import LAST_HOUR, ClickMonth, HourCount, LateCount, hours_after
from briefing.models.delivery import Delivery
from briefing.models.dispatch import Batch, Dispatch, DispatchCount, Fence
from briefing.models.edition import Edition, EditionVariant, Link
from briefing.models.event import Burst, Event, EventCount, Unfolded
from briefing.models.issue import Issue, IssueItem
from briefing.models.question import Question
from briefing.models.reconciliation import ListedReader, Reconciliation, Repair, UnknownRound
from briefing.models.recurring import WeeklyDraft
from briefing.models.sender import SenderRecords
from briefing.models.staff import User
from briefing.models.trial import Trial

__all__ = [
    "LAST_HOUR",
    "Alert",
    "Allowance",
    "Article",
    "ArticleAuthor",
    "ArticleQuerySet",
    "AuditEntry",
    "Author",
    "Batch",
    "Breaker",
    "Bucket",
    "Burst",
    "ClickMonth",
    "Correction",
    "Delivery",
    "Dispatch",
    "DispatchCount",
    "Edition",
    "EditionVariant",
    "Event",
    "EventCount",
    "Fence",
    "FormerSlug",
    "HourCount",
    "Issue",
    "IssueItem",
    "KeptText",
    "LateCount",
    "Link",
    "ListedReader",
    "Question",
    "Reconciliation",
    "Repair",
    "SenderRecords",
    "Source",
    "Trial",
    "Unfolded",
    "UnknownRound",
    "User",
    "WatchItem",
    "WeeklyDraft",
    "hours_after",
]
