"""The rules of the gate: each looks at an issue for one thing, and says how to mend what it finds."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from briefing.archive import linkcheck
from briefing.issues import compiling, contents, seconding, senders, slots
from briefing.models import Article, AuditEntry, Dispatch, Issue, Source
from subscribers import audience
from subscribers.audience import Combination

# Gmail shows no more of a mail than this and hides the rest, the way out included, behind a link.
CLIPPED_AT_BYTES = 102 * 1024
# The rule of what is not public yet and will be: it is passed by going out later.
EMBARGO = "embargo"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule found. `name` is the rule's; `blocks` is false for a warning."""

    name: str
    what: str | Promise
    mend: str | Promise
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class Checked:
    """An issue, and what the rules need to know besides."""

    issue: Issue
    articles: list[Article]
    combinations: Collection[Combination]
    now: datetime


def has_articles(checked: Checked) -> Iterator[Finding]:
    """Find an issue without an article: a mail about nothing."""
    if not checked.articles:
        yield Finding(
            "articles", _("This issue has no articles."), _("Add at least one, then dispatch it.")
        )


def articles_are_public(checked: Checked) -> Iterator[Finding]:
    """Every reader of the mail must be able to read on, at the hour when it goes out."""
    goes_at = max(checked.now, checked.issue.send_at or checked.now)
    for article in checked.articles:
        if article.status == Article.Status.PUBLISHED and article.published_at:
            if article.published_at > goes_at:
                zone = ZoneInfo(checked.issue.zone or checked.issue.newsletter.time_zone)
                at = date_format(article.published_at.astimezone(zone), "DATETIME_FORMAT")
                yield Finding(
                    EMBARGO,
                    _("“%(headline)s” is public from %(at)s on, in %(zone)s.")
                    % {"headline": article.headline, "at": at, "zone": zone.key},
                    _("Have the issue go out then or later."),
                )
        else:
            yield Finding(
                "unpublished",
                _("“%s” is not public: its link would lead nowhere.") % article.headline,
                _("Publish the article, or take it out of the issue."),
            )


def pictures_are_described(checked: Checked) -> Iterator[Finding]:
    """Find pictures that say nothing to those who cannot see them, or do not say whose they are."""
    for article in checked.articles:
        missing = [
            label
            for label, value in (
                (_("description"), article.image_alt),
                (_("credit"), article.image_credit),
            )
            if article.image and not value.strip()
        ]
        if missing:
            names = {"headline": article.headline, "missing": ", ".join(map(str, missing))}
            yield Finding(
                "picture",
                _("The picture of “%(headline)s” lacks: %(missing)s.") % names,
                _("Fill it in on the article’s page."),
            )


def texts_have_known_expressions(checked: Checked) -> Iterator[Finding]:
    """Find expressions that no reader has a value for: everybody would read them as they stand."""
    issue = checked.issue
    for text in (issue.subject, issue.second_subject, issue.preheader, issue.intro):
        try:
            slots.check(text)
        except slots.UnknownVariableError as error:
            yield Finding("expression", str(error), _("Correct or remove the expression."))


def subject_is_there(checked: Checked) -> Iterator[Finding]:
    """Mail without a subject is taken for rubbish, rightly."""
    if not checked.issue.subject.strip():
        yield Finding("subject", _("The subject is empty."), _("Write a subject."))


def sender_tells_its_address(checked: Checked) -> Iterator[Finding]:
    """Ask for the address that the law of most countries wants to see.

    Source: CAN-SPAM Act, 15 U.S.C. 7704 (a)(5)(A)(iii).
    """
    if not checked.issue.newsletter.postal_address.strip():
        yield Finding(
            "postal address",
            _("The newsletter has no postal address, which every issue must show."),
            _("Fill it in on the newsletter’s page."),
        )


def sender_can_be_told_apart(checked: Checked) -> Iterator[Finding]:
    """Find what large mailboxes would refuse or doubt: SPF, DKIM and DMARC of the sender's domain."""
    for each in senders.said(checked.issue.newsletter, now=checked.now):
        yield Finding("sender", each.what, each.mend, blocks=each.blocks)


def variants_are_few(checked: Checked) -> Iterator[Finding]:
    """Each combination of language, format and topics among the readers is a mail of its own."""
    two = checked.issue.first_wave == Issue.FirstWave.SUBJECTS
    number = len(checked.combinations) * (2 if two else 1)
    if number > compiling.MAX_VARIANTS:
        yield Finding(
            "variants",
            _("The audience needs %(number)d different mails; %(most)d is the most.")
            % {"number": number, "most": compiling.MAX_VARIANTS},
            _("Offer fewer topics, or send to a part of the readers."),
        )


def mail_is_not_clipped(checked: Checked) -> Iterator[Finding]:
    """Gmail cuts a long mail off, and with it the link to unsubscribe."""
    if not checked.articles or not checked.combinations:
        return
    try:
        read = contents.read(checked.issue)
        variants = [
            compiling.compile_variant(read, combination, now=checked.now)
            for combination in checked.combinations
        ]
    except (compiling.CompileError, slots.UnknownVariableError) as error:
        yield Finding("compile", str(error), _("Correct the text, then try again."))
        return
    largest = max(len("".join(variant.html or [])) for variant in variants)
    if largest > CLIPPED_AT_BYTES:
        yield Finding(
            "size",
            _("The mail has %d KB; Gmail hides what comes after 102 KB.") % (largest // 1024),
            _("Shorten the introduction, or take articles out."),
            blocks=False,
        )


def sources_are_alive(checked: Checked) -> Iterator[Finding]:
    """Find sources that are gone: they take the ground from under the article."""
    gone = Source.objects.filter(article__in=checked.articles, check_result=linkcheck.GONE)
    if number := gone.count():
        yield Finding(
            "dead links",
            ngettext_lazy(
                "%d source could not be reached when it was last checked.",
                "%d sources could not be reached when they were last checked.",
                number,
            )
            % number,
            _("See the article’s sources; replace what is gone."),
            blocks=False,
        )


def preheader_is_there(checked: Checked) -> Iterator[Finding]:
    """Without one, mailboxes show whatever comes first: “view on the web”."""
    if not checked.issue.preheader.strip():
        yield Finding(
            "preheader",
            _("The preheader is empty."),
            _("Write what should follow the subject in a list of mails."),
            blocks=False,
        )


def articles_are_new(checked: Checked) -> Iterator[Finding]:
    """Readers notice what they have read before."""
    earlier = Issue.objects.filter(newsletter=checked.issue.newsletter).exclude(pk=checked.issue.pk)
    for article in checked.articles:
        issue = earlier.filter(articles=article).exclude(status=Issue.Status.DRAFT).first()
        if issue:
            names = {"headline": article.headline, "number": issue.number}
            yield Finding(
                "again",
                _("“%(headline)s” was in issue %(number)d already.") % names,
                _("Take it out, unless it is meant."),
                blocks=False,
            )


def second_person_has_seen_it(checked: Checked) -> Iterator[Finding]:
    """Find what would go out by itself and is not what the second person approved."""
    issue = checked.issue
    if not settings.SECOND_PERSON_ABOVE or issue.send_at is None:
        return
    readers = audience.count(issue.newsletter, now=checked.now, scope=contents.scope(issue)).planned
    approvals = seconding.approvals(issue, Dispatch.Kind.MAIN)
    others = approvals.exclude(actor__username=issue.scheduled_by)
    if seconding.is_needed(readers) and not others.exists():
        yield Finding(
            "second person",
            _("It goes out by itself, and no second person has approved it as it stands now."),
            _("Have somebody else approve it, where it is dispatched."),
        )


def was_tried(checked: Checked) -> Iterator[Finding]:
    """Ask whether somebody has seen it in a mailbox; a change makes an earlier test void."""
    tests = AuditEntry.objects.filter(
        act="issue.test", subject=Issue._meta.label_lower, subject_id=str(checked.issue.pk)
    )
    last = tests.order_by("-pk").values_list("at", flat=True).first()
    changed = checked.issue.history.order_by("-history_date").first()
    if last is None or (changed and changed.history_date > last):
        yield Finding(
            "test",
            _("Nobody has sent a test of this issue since it was last changed."),
            _("Send one to yourself and look at it on a phone, too."),
            blocks=False,
        )
