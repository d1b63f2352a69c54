"""The desk's side bar: in the order of the editor's work, with only what this person may open."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from briefing.models import Article, AuditEntry, Author, Dispatch, Issue, User
from subscribers import models as people

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the side bar.

    `view` is the permission that opens it; empty is for all staff. `also` is where the screens of
    the desk's own lie that belong to this line.
    """

    title: Words
    icon: str
    address: str
    view: str = ""
    also: str = ""


def _list(title: Words, icon: str, model: type[Model], *, also: str = "") -> Place:
    app, name = model._meta.app_label, model._meta.model_name
    return Place(title, icon, f"admin:{app}_{name}_changelist", f"{app}.view_{name}", also)


PLACES: tuple[tuple[Words, tuple[Place, ...]], ...] = (
    ("", (Place(_("Dashboard"), "newsstand", "admin:index"),)),
    (
        _("Writing"),
        (
            _list(_("Articles"), "article", Article, also="/admin/articles/"),
            _list(_("Topics"), "label", people.Topic),
            _list(_("Authors"), "edit_note", Author),
        ),
    ),
    (
        _("Sending"),
        (
            _list(_("Issues"), "newspaper", Issue, also="/admin/issues/"),
            _list(_("Dispatches"), "outgoing_mail", Dispatch),
            Place(
                _("Welcome series"),
                "waving_hand",
                "desk-series",
                "subscribers.view_seriesstep",
            ),
            Place(_("Deliveries"), "inbox", "desk-deliveries", "briefing.view_delivery"),
            Place(_("Repairs"), "handyman", "desk-repairs", "briefing.view_delivery"),
        ),
    ),
    (
        _("Readers"),
        (
            _list(_("Readers"), "group", people.Subscriber),
            _list(_("Subscriptions"), "bookmark", people.Subscription),
            _list(_("Signups"), "person_add", people.SignupRequest),
            _list(_("Mails owed"), "forward_to_inbox", people.Outbox),
            _list(_("Suppressions"), "block", people.Suppression),
        ),
    ),
    (
        _("Numbers"),
        (
            Place(_("Growth"), "trending_up", "desk-growth", "briefing.view_dispatch"),
            Place(_("Cohorts"), "grid_on", "desk-cohorts", "briefing.view_dispatch"),
            Place(_("Sources"), "call_split", "desk-sources", "briefing.view_dispatch"),
        ),
    ),
    (
        _("Consent"),
        (
            _list(_("Consent records"), "verified_user", people.ConsentRecord),
            _list(_("Notices"), "policy", people.ConsentNotice),
            _list(_("Seals"), "approval", people.ConsentSeal),
            Place(
                _("Retention"), "auto_delete", "desk-retention", "subscribers.view_consentrecord"
            ),
        ),
    ),
    (
        _("House"),
        (
            _list(_("Newsletters"), "mail", people.Newsletter),
            _list(_("Staff"), "badge", User),
            _list(_("Audit log"), "history", AuditEntry),
        ),
    ),
)


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


def _is_open(place: Place, user: AbstractBaseUser | AnonymousUser) -> bool:
    return not place.view or user.has_perm(place.view)  # type: ignore[union-attr]  # staff are never anonymous
