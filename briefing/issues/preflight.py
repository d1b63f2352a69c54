"""The gate before an issue goes out: what would be wrong in every reader's mailbox, said beforehand.

Before it: a draft issue. After it: sending, which an error blocks; a warning asks for the name of
whoever goes on in spite of it. Each rule says what is wrong and how to mend it.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from briefing.archive import linkcheck
from briefing.issues import compiling, contents, senders, slots
from briefing.models import Article, AuditEntry, Issue, Source
from subscribers import audience
from subscribers.audience import Combination

# Gmail shows no more of a mail than this and hides the rest, the way out included, behind a link.
CLIPPED_AT_BYTES = 102 * 1024


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


Rule = Callable[[Checked], Iterator[Finding]]


def findings(issue: Issue, *, now: datetime) -> list[Finding]:
    """Return everything that is wrong with an issue, what blocks it first."""
    combinations = audience.combinations(issue.newsletter, now=now, scope=contents.scope(issue))
    checked = _checked(issue, now=now, combinations=combinations)
    found = [each for rule in RULES for each in rule(checked)]
    return sorted(found, key=lambda each: not each.blocks)


def errors(issue: Issue, *, now: datetime) -> list[Finding]:
    """Return what forbids sending."""
    return [each for each in findings(issue, now=now) if each.blocks]


def passed(found: Collection[Finding]) -> list[str | Promise]:
    """Return, in words, the checks that found nothing."""
    others = {each.name for each in found}
    if "compile" in others:
        others.add("size")
    if not settings.LOOK_UP_SENDERS:
        others.add("sender")
    return [words for name, words in PASSED.items() if name not in others]


def quick_errors(issue: Issue, *, now: datetime) -> list[Finding]:
    """Return what forbids sending, as far as it can be told without compiling the mail."""
    checked = _checked(issue, now=now, combinations=())
    found = [each for rule in RULES for each in rule(checked)]
    return [each for each in found if each.blocks]


def _checked(issue: Issue, *, now: datetime, combinations: Collection[Combination]) -> Checked:
    articles = list(issue.articles.order_by("issue_items__position"))
    return Checked(issue=issue, articles=articles, combinations=combinations, now=now)


def has_articles(checked: Checked) -> Iterator[Finding]:
    """Find an issue without an article: a mail about nothing."""
    if not checked.articles:
        yield Finding(
            "articles", _("This issue has no articles."), _("Add at least one, then dispatch it.")
        )


def articles_are_public(checked: Checked) -> Iterator[Finding]:
    """Every reader of the mail must be able to read on."""
    for article in checked.articles:
        is_public = article.status == Article.Status.PUBLISHED and (
            article.published_at is not None and article.published_at <= checked.now
        )
        if not is_public:
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
        variants = [
            compiling.compile_variant(checked.issue, combination, now=checked.now)
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


RULES: tuple[Rule, ...] = (
    has_articles,
    articles_are_public,
    pictures_are_described,
    texts_have_known_expressions,
    subject_is_there,
    sender_tells_its_address,
    sender_can_be_told_apart,
    variants_are_few,
    mail_is_not_clipped,
    sources_are_alive,
    preheader_is_there,
    articles_are_new,
    was_tried,
)

# What each rule is glad about when it finds nothing.
PASSED: dict[str, str | Promise] = {
    "articles": _("It has articles."),
    "unpublished": _("Everybody can open its articles."),
    "picture": _("Pictures have a description and a credit."),
    "expression": _("Every expression has a value."),
    "subject": _("It has a subject."),
    "postal address": _("The postal address is there."),
    "sender": _("Large mailboxes can tell whose mail it is."),
    "variants": _("It is one issue for all its readers, not dozens."),
    "compile": _("It becomes a mail with its links to unsubscribe."),
    "size": _("Gmail shows all of it."),
    "dead links": _("No source is known to be gone."),
    "preheader": _("It has a preheader."),
    "again": _("No article was sent before."),
    "test": _("Somebody has tried it."),
}
