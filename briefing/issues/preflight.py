"""The gate before an issue goes out: what would be wrong in every reader's mailbox, said beforehand.

Before it: a draft issue. After it: sending, which an error blocks; a warning asks for the name of
whoever goes on in spite of it. Each rule says what is wrong and how to mend it.
"""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from briefing.issues import contents, rules
from briefing.issues.rules import Checked, Finding
from briefing.models import Issue
from subscribers import audience
from subscribers.audience import Combination

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
    if rules.EMBARGO in others:
        others.add("unpublished")
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


RULES: tuple[Rule, ...] = (
    rules.has_articles,
    rules.articles_are_public,
    rules.pictures_are_described,
    rules.texts_have_known_expressions,
    rules.subject_is_there,
    rules.sender_tells_its_address,
    rules.sender_can_be_told_apart,
    rules.variants_are_few,
    rules.mail_is_not_clipped,
    rules.sources_are_alive,
    rules.preheader_is_there,
    rules.articles_are_new,
    rules.second_person_has_seen_it,
    rules.was_tried,
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
