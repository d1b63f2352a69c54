"""The desk's side bar: in the order of the editor's work, with only what this person may open."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from briefing.models import User


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the side bar. `view` is the permission that opens it; empty is for all staff.

    `also` is where the screens of the desk's own lie that belong to this line.
    """

    title: str | Promise
    icon: str
    address: str
    view: str = ""
    also: str = ""


PLACES: tuple[tuple[str | Promise, tuple[Place, ...]], ...] = (
    ("", (Place(_("Dashboard"), "newsstand", "admin:index"),)),
    (
        _("Writing"),
        (
            Place(_("Articles"), "article", "admin:briefing_article_changelist", "briefing.view_article", "/admin/articles/"),
            Place(_("Topics"), "label", "admin:subscribers_topic_changelist", "subscribers.view_topic"),
            Place(_("Authors"), "edit_note", "admin:briefing_author_changelist", "briefing.view_author"),
        ),
    ),
    (
        _("Sending"),
        (
            Place(_("Issues"), "newspaper", "admin:briefing_issue_changelist", "briefing.view_issue", "/admin/issues/"),
            Place(_("Dispatches"), "outgoing_mail", "admin:briefing_dispatch_changelist", "briefing.view_dispatch"),
            Place(_("Deliveries"), "inbox", "desk-deliveries", "briefing.view_delivery"),
        ),
    ),
    (
        _("Readers"),
        (
            Place(_("Readers"), "group", "admin:subscribers_subscriber_changelist", "subscribers.view_subscriber"),
            Place(_("Subscriptions"), "bookmark", "admin:subscribers_subscription_changelist", "subscribers.view_subscription"),
            Place(_("Signups"), "person_add", "admin:subscribers_signuprequest_changelist", "subscribers.view_signuprequest"),
            Place(_("Mails owed"), "forward_to_inbox", "admin:subscribers_outbox_changelist", "subscribers.view_outbox"),
            Place(_("Suppressions"), "block", "admin:subscribers_suppression_changelist", "subscribers.view_suppression"),
        ),
    ),
    (
        _("Consent"),
        (
            Place(_("Consent records"), "verified_user", "admin:subscribers_consentrecord_changelist", "subscribers.view_consentrecord"),
            Place(_("Notices"), "policy", "admin:subscribers_consentnotice_changelist", "subscribers.view_consentnotice"),
            Place(_("Seals"), "approval", "admin:subscribers_consentseal_changelist", "subscribers.view_consentseal"),
        ),
    ),
    (
        _("House"),
        (
            Place(_("Newsletters"), "mail", "admin:subscribers_newsletter_changelist", "subscribers.view_newsletter"),
            Place(_("Staff"), "badge", "admin:briefing_user_changelist", "briefing.view_user"),
        ),
    ),
)  # fmt: skip


def side_bar(request: HttpRequest) -> list[dict[str, Any]]:
    """Return unfold's navigation for the person who asks. Named in briefing/theme.py."""
    groups = []
    for title, places in PLACES:
        items = [_item(place, request.path) for place in places if _is_open(place, request.user)]
        if items:
            groups.append({"title": title, "items": items})
    return groups


def _item(place: Place, path: str) -> dict[str, Any]:
    link = reverse(place.address)
    here = path == link if place.address == "admin:index" else path.startswith(link)
    return {
        "title": place.title,
        "icon": place.icon,
        "link": link,
        "active": here or bool(place.also and path.startswith(place.also)),
    }


def _is_open(place: Place, user: User | AnonymousUser) -> bool:
    return not place.view or user.has_perm(place.view)
