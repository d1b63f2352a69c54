"""Who may open which address of the desk: what somebody decided, beside what Django serves."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.urls import URLResolver, get_resolver, reverse

from briefing.admin import roles
from briefing.models import Article, Dispatch, Issue

# One letter a role: author, editor, publisher, owner, and r for the privacy officer.
LETTERS = {
    roles.AUTHOR: "a",
    roles.EDITOR: "e",
    roles.PUBLISHER: "p",
    roles.PRIVACY_OFFICER: "r",
    roles.OWNER: "o",
}
EVERYBODY = "aepro"

# An address that names one of a few acts is as many addresses.
_CHOICE = re.compile(r"\(\?P<\w+>([\w-]+(?:\|[\w-]+)+)\)")

# Who may see a list and its rows, who may add, who may delete.
LISTS = {
    "briefing_article": ("aepo", "aepo", "epo"),
    "briefing_author": ("aepo", "aepo", "epo"),
    "briefing_issue": ("epo", "", "epo"),
    "briefing_dispatch": ("epro", "", ""),
    "briefing_user": ("o", "o", ""),
    "briefing_auditentry": ("o", "", ""),
    "subscribers_topic": ("aepo", "epo", "o"),
    "subscribers_newsletter": ("po", "o", ""),
    "subscribers_subscriber": ("ro", "", ""),
    "subscribers_subscription": ("ro", "", ""),
    "subscribers_signuprequest": ("ro", "", ""),
    "subscribers_outbox": ("ro", "", ""),
    "subscribers_suppression": ("ro", "ro", ""),
    "subscribers_consentrecord": ("ro", "", ""),
    "subscribers_consentnotice": ("ro", "ro", ""),
    "subscribers_consentseal": ("ro", "", ""),
}
VERSIONED = {"briefing_article", "briefing_issue"}
OTHERS = {
    "admin:index": EVERYBODY,
    "admin:app_list briefing": EVERYBODY,
    "admin:app_list subscribers": EVERYBODY,
    "admin:jsi18n": EVERYBODY,
    "admin:search": EVERYBODY,
    "admin:login": EVERYBODY,
    "admin:logout": EVERYBODY,
    "admin:password_change": EVERYBODY,
    "admin:password_change_done": EVERYBODY,
    "admin:view_on_site": EVERYBODY,
    # Asked by a form's field for its choices: none of the desk's forms has one.
    "admin:autocomplete": "",
    "admin:auth_user_password_change": "o",
    "admin:briefing_article_version": "aepo",
    "admin:briefing_issue_version": "epo",
    "admin:subscribers_suppression_lift": "ro",
    "desk-proof": "aepo",
    "desk-proof-page": "aepo",
    "desk-keep": "aepo",
    "desk-forget": "aepo",
    "desk-render": "aepo",
    "desk-import": "epo",
    "desk-compose": "epo",
    "desk-arrange": "epo",
    "desk-duplicate": "epo",
    "desk-checks": "epo",
    "desk-links": "aepo",
    "desk-look": "epo",
    "desk-look-new": "epo",
    "desk-preview": "epo",
    "desk-preview-mail": "epo",
    "desk-test": "epo",
    "desk-series": "epo",
    "desk-series-on": "po",
    "desk-series-off": "po",
    "desk-step-add": "epo",
    "desk-step": "epo",
    "desk-step-move": "epo",
    "desk-step-preview": "epo",
    "desk-step-mail": "epo",
    "desk-step-test": "epo",
    # Behind the others: afterwards there is none to open.
    "desk-step-remove": "epo",
    "desk-dispatch": "po",
    "desk-steer pause": "po",
    "desk-steer resume": "po",
    "desk-steer cancel": "po",
    "desk-steer undo": "po",
    "desk-steer go-on": "po",
    "desk-report": "epro",
    "desk-heat": "epro",
    "desk-heat-mail": "epro",
    "desk-course": "epro",
    "desk-growth": "epro",
    "desk-cohorts": "epro",
    "desk-sources": "epro",
    "desk-follow missed": "po",
    "desk-follow correction": "po",
    "desk-resolve": "po",
    "desk-hold": "po",
    "desk-let-go": "po",
    "desk-see": "po",
    "desk-export": "ro",
    "desk-export-list": "ro",
    "desk-evidence": "ro",
    "desk-retention": "ro",
    "desk-erase": "ro",
    "desk-deliveries": "epro",
    "desk-timeline": "ro",
    "desk-burst": "po",
    "desk-repairs": "epro",
    "desk-believe": "po",
    "desk-factor": "o",
}


# What acts at once is only taken as a POST.
POSTED = {
    "desk-duplicate",
    "desk-series-on",
    "desk-series-off",
    "desk-step-move",
    "desk-step-remove",
    "desk-look",
    "desk-look-new",
    "desk-keep",
    "desk-forget",
    "desk-render",
    "desk-steer",
    "desk-resolve",
    "desk-let-go",
    "desk-see",
    "desk-export",
    "desk-export-list",
    "desk-evidence",
    "desk-believe",
    "desk-factor",
}


def decided() -> dict[str, str]:
    """Return who may open each address, by its name."""
    names = dict(OTHERS)
    for model, (see, add, delete) in LISTS.items():
        names[f"admin:{model}_changelist"] = see
        names[f"admin:{model}_change"] = see
        # Versions of articles and issues are for whoever works on them; the log is the owners'.
        names[f"admin:{model}_history"] = see if model in VERSIONED else "o"
        names[f"admin:{model}_add"] = add
        names[f"admin:{model}_delete"] = delete
    return names


def served(under: str) -> Iterator[str]:
    """Yield the name of every address under a part of the site, as Django knows it."""
    for pattern in get_resolver().url_patterns:
        if isinstance(pattern, URLResolver) and str(pattern.pattern) == under:
            yield from _names(pattern, "")


def _names(resolver: URLResolver, space: str) -> Iterator[str]:
    space = f"{resolver.namespace}:" if resolver.namespace else space
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _names(pattern, space)
        elif pattern.name and (choice := _CHOICE.search(str(pattern.pattern))):
            yield from (f"{space}{pattern.name} {each}" for each in choice[1].split("|"))
        elif pattern.name:
            yield f"{space}{pattern.name}"


@dataclass
class World:
    """One row of everything, so that every address can be filled in."""

    issue: Issue
    dispatch: Dispatch
    rows: dict[str, Any]

    @cached_property
    def _arguments(self) -> dict[str, tuple[Any, ...]]:
        """Return what stands in each address that is not built from its name alone."""
        return {
            "admin:view_on_site": (
                ContentType.objects.get_for_model(Article).pk,
                self.rows["briefing_article"],
            ),
            "admin:auth_user_password_change": (self.rows["briefing_user"],),
            "admin:briefing_article_version": (
                self.rows["briefing_article"],
                Article.history.latest().pk,
            ),
            "admin:briefing_issue_version": (
                self.issue.pk,
                Issue.history.filter(id=self.issue.pk).latest().pk,
            ),
            "admin:subscribers_suppression_lift": (self.rows["subscribers_suppression"],),
            "desk-look-new": (self.issue.newsletter.slug,),
            "desk-export-list": (self.issue.newsletter.slug,),
            **{
                f"desk-{name}": (self.issue.newsletter.slug,)
                for name in ("series-on", "series-off", "step-add")
            },
            "desk-steer": (self.dispatch.pk,),
            "desk-follow": (self.dispatch.issue_id,),
            "desk-see": (self.rows["briefing_alert"],),
            "desk-evidence": (self.rows["subscribers_subscriber"],),
            "desk-export": (self.rows["subscribers_subscriber"],),
            "desk-timeline": (self.rows["subscribers_subscriber"],),
            "desk-burst": (self.rows["briefing_burst"],),
            "desk-believe": (self.rows["briefing_reconciliation"],),
            "desk-factor": (self.rows["briefing_user"],),
            "desk-erase": (self.rows["subscribers_subscriber"],),
        }

    def address(self, name: str) -> str:
        """Return an address that has something to show."""
        name, _space, act = name.partition(" ")
        arguments = self._arguments
        if act:
            return reverse(name, args=[*arguments.get(name, ()), act])
        if name.startswith("desk-step") and name not in arguments:
            return reverse(name, args=[self.rows["subscribers_seriesstep"]])
        if name.startswith("desk-proof") or name in {"desk-keep", "desk-forget", "desk-links"}:
            return reverse(name, args=[self.rows["briefing_article"]])
        of_issue = "arrange checks look duplicate preview preview-mail test dispatch report".split()
        of_report = ("heat", "heat-mail", "course")
        if name in {f"desk-{each}" for each in (*of_issue, *of_report)}:
            return reverse(name, args=[self.issue.pk])
        kind, _underscore, what = name.removeprefix("admin:").rpartition("_")
        if name not in arguments and kind in self.rows and what in {"change", "delete", "history"}:
            return reverse(name, args=[self.rows[kind]])
        return reverse(name, args=arguments.get(name, ()))
