"""The five roles and what each may do: one table, the same in every copy.

Roles are groups. The table is written into the database after every migrate, so a change of it is
reviewed and tested like any other code; docs/decisions/0012-roles-are-code.md says more.
"""

from typing import Any

from django.apps import apps as all_apps
from django.apps.registry import Apps
from django.contrib.auth.models import Group, Permission
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

AUTHOR, EDITOR, PUBLISHER = "author", "editor", "publisher"
PRIVACY_OFFICER, OWNER = "privacy officer", "owner"

LABELS: dict[str, str | Promise] = {
    AUTHOR: _("Author: writes articles"),
    EDITOR: _("Editor: publishes articles, composes and tries issues"),
    PUBLISHER: _("Publisher: an editor who dispatches and stops a dispatch"),
    PRIVACY_OFFICER: _("Privacy officer: sees readers and consent, exports and erases"),
    OWNER: _("Owner: everything, staff and the audit log included"),
}

_WRITING = (
    "briefing.view_article briefing.add_article briefing.change_article "
    "briefing.view_author briefing.add_author subscribers.view_topic "
    "briefing.view_articleauthor briefing.add_articleauthor briefing.change_articleauthor "
    "briefing.delete_articleauthor briefing.view_source briefing.add_source "
    "briefing.change_source briefing.delete_source briefing.view_watchitem "
    "briefing.add_watchitem briefing.change_watchitem briefing.delete_watchitem"
).split()
_EDITING = (
    "briefing.publish_article briefing.delete_article briefing.change_author "
    "briefing.delete_author subscribers.add_topic subscribers.change_topic "
    "briefing.view_correction briefing.add_correction briefing.change_correction "
    "briefing.view_issue briefing.add_issue briefing.change_issue briefing.delete_issue "
    "briefing.view_issueitem briefing.add_issueitem briefing.change_issueitem "
    "briefing.delete_issueitem briefing.view_dispatch briefing.view_delivery "
    "subscribers.view_seriesstep subscribers.change_seriesstep"
).split()
_SENDING = "briefing.dispatch_issue briefing.steer_dispatch briefing.resolve_delivery".split()
_READERS = (
    "subscribers.view_subscriber subscribers.change_subscriber subscribers.export_subscriber "
    "subscribers.erase_subscriber subscribers.view_subscription subscribers.view_signuprequest "
    "subscribers.view_outbox subscribers.view_suppression subscribers.add_suppression "
    "subscribers.change_suppression subscribers.view_consentrecord "
    "subscribers.view_consentnotice subscribers.add_consentnotice subscribers.view_consentseal "
    "briefing.view_dispatch briefing.view_delivery"
).split()
_HOUSE = (
    "subscribers.view_newsletter subscribers.add_newsletter subscribers.change_newsletter "
    "subscribers.delete_topic briefing.view_user briefing.add_user briefing.change_user "
    "briefing.view_auditentry"
).split()

ROLES: dict[str, tuple[str, ...]] = {
    AUTHOR: tuple(_WRITING),
    EDITOR: (*_WRITING, *_EDITING),
    PUBLISHER: (*_WRITING, *_EDITING, *_SENDING, "subscribers.view_newsletter"),
    PRIVACY_OFFICER: tuple(_READERS),
    OWNER: tuple(dict.fromkeys((*_WRITING, *_EDITING, *_SENDING, *_READERS, *_HOUSE))),
}


def grant() -> None:
    """Make the groups, and make each hold exactly what the table says. Safe to repeat."""
    for name, wanted in ROLES.items():
        group, _made = Group.objects.get_or_create(name=name)
        group.permissions.set(_permissions(wanted))


def grant_after_migrate(apps: Apps = all_apps, **_: Any) -> None:
    """Receiver for post_migrate of auth, whose turn comes after every app that the table names.

    `apps` are the models as migrated so far: half way through there is nothing to grant yet. After
    a flush Django names none, and all of them are there.
    """
    try:
        for model in ("auth.Group", "briefing.AuditEntry", "subscribers.Subscriber"):
            apps.get_model(model)
    except LookupError:
        return
    grant()


def _permissions(names: tuple[str, ...]) -> list[Permission]:
    """Return the permissions by name. Raises: LookupError for one that does not exist."""
    condition = Q()
    for app, _dot, codename in (name.partition(".") for name in names):
        condition |= Q(content_type__app_label=app, codename=codename)
    found = list(Permission.objects.filter(condition).select_related("content_type"))
    missing = set(names) - {f"{each.content_type.app_label}.{each.codename}" for each in found}
    if missing:
        raise LookupError(f"roles.py names permissions that do not exist: {sorted(missing)}")
    return found
