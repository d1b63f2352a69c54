"""The weekly digest: an issue of its own kind, composed by itself of what the week's issues carried.

Before it: issues that went out. After it: a dispatch to the readers who chose the digest; ordinary
issues leave those out. Its number is the ISO year and week, so a week has one at most.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from briefing.issues import contents
from briefing.models import Article, Issue, IssueItem
from subscribers import audience
from subscribers.models import Newsletter

_WEEK = timedelta(days=7)
# A mail with more is cut off by Gmail, and read to its end by nobody.
MOST_ARTICLES = 20
_LONGEST_SUBJECT = 200


class NothingToDigestError(LookupError):
    """No digest can be made; the message says why."""


def due(newsletter: Newsletter, *, now: datetime) -> bool:
    """Whether this week's digest is to be made: its hour has come, and it has not gone out.

    A copy that was down at that hour makes up for it within the week.
    """
    local = now.astimezone(ZoneInfo(newsletter.time_zone))
    weekday, at = settings.DIGEST_AT
    if (local.weekday(), local.time()) < (weekday, at):
        return False
    made = Issue.objects.filter(newsletter=newsletter, number=number(newsletter, now=now))
    return not made.exclude(status=Issue.Status.DRAFT).exists()


def number(newsletter: Newsletter, *, now: datetime) -> int:
    """Return this week's number where the newsletter is at home: 202648."""
    year, week, _day = now.astimezone(ZoneInfo(newsletter.time_zone)).isocalendar()
    return year * 100 + week


def compose(newsletter: Newsletter, *, now: datetime) -> Issue:
    """Compose this week's digest, or return the draft that is there already.

    Safe to run twice and by two at once: the week's number is unique.
    Raises: NothingToDigestError.
    """
    week = number(newsletter, now=now)
    made = Issue.objects.filter(newsletter=newsletter, number=week).first()
    if made:
        return made
    articles = _articles(newsletter, now=now)
    if not articles:
        raise NothingToDigestError(f"{newsletter} had no issue since its last digest.")
    with override(newsletter.locale):
        subject, preheader = _headings(articles)
    try:
        with transaction.atomic():
            issue = Issue.objects.create(
                newsletter=newsletter,
                kind=Issue.Kind.DIGEST,
                number=week,
                subject=subject,
                preheader=preheader,
            )
            IssueItem.objects.bulk_create(
                IssueItem(issue=issue, article=article, position=position)
                for position, article in enumerate(articles)
            )
    except IntegrityError:
        return Issue.objects.get(newsletter=newsletter, number=week)
    return issue


def has_readers(issue: Issue, *, now: datetime) -> bool:
    """Whether anybody would receive a digest now."""
    counted = audience.count(issue.newsletter, now=now, scope=contents.scope(issue))
    return counted.planned > 0


def _articles(newsletter: Newsletter, *, now: datetime) -> list[Article]:
    """Return what issues carried since the last digest: the newest issue's lead leads."""
    digests = Issue.objects.filter(newsletter=newsletter, kind=Issue.Kind.DIGEST)
    last = digests.exclude(published_at=None).order_by("-number").first()
    items = (
        IssueItem.objects.filter(
            issue__newsletter=newsletter,
            issue__kind=Issue.Kind.ISSUE,
            issue__published_at__gt=max(last.published_at, now - 2 * _WEEK)
            if last and last.published_at
            else now - _WEEK,
            issue__published_at__lte=now,
            article__status=Article.Status.PUBLISHED,
        )
        .select_related("article")
        .order_by("-issue__published_at", "position", "pk")
    )
    return list(dict.fromkeys(item.article for item in items))[:MOST_ARTICLES]


def _headings(articles: list[Article]) -> tuple[str, str]:
    """Return subject and preheader, with no expression that an article's headline might hold."""
    lead, others = articles[0].headline.replace("{{", "{ {"), len(articles) - 1
    subject = _("This week: %(headline)s") % {"headline": lead}
    more = ngettext("And %(number)d more article", "And %(number)d more articles", others)
    preheader = more % {"number": others} if others else articles[0].dek.replace("{{", "{ {")
    return subject[:_LONGEST_SUBJECT], preheader[:_LONGEST_SUBJECT]
