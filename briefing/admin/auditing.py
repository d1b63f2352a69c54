"""The audit log: who did what at the desk, read by owners and changed by nobody."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from briefing.admin.acts import in_words, kind_in_words
from briefing.admin.site import desk
from briefing.models import AuditEntry
from subscribers.admin.base import ReadOnlyAdmin


@admin.register(AuditEntry, site=desk)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Newest first; found by person, or by what was acted on."""

    list_display = ("at", "who", "did", "about", "told", "ip")
    list_filter = ("actor",)
    list_select_related = ("actor",)
    search_fields = ("act",)
    search_help_text = _("An act, such as issue.dispatch")
    ordering = ("-pk",)
    sortable_by = ()
    # What the rows of a log are called when they are counted.
    rows_name = _("audit entries")
    fields = ("at", "actor", ("did", "act"), ("subject", "subject_id"), "detail", "ip")

    def lookup_allowed(self, lookup: str, value: str, request: object = None) -> bool:
        """Let a row's own page ask for what was done to it."""
        return lookup in {"subject", "subject_id"} or bool(
            super().lookup_allowed(lookup, value, request)
        )

    @display(description=_("who"), empty_value=_("nobody known"))
    def who(self, entry: AuditEntry) -> str | None:
        """Name the person."""
        return entry.actor.get_username() if entry.actor else None

    @display(description=_("what was done"))
    def did(self, entry: AuditEntry) -> str:
        """Say the act in words; its code is what the search knows."""
        return in_words(entry.act)

    @display(description=_("what it was about"))
    def about(self, entry: AuditEntry) -> str:
        """Name what was acted on by its kind and number."""
        return f"{kind_in_words(entry.subject)} {entry.subject_id}".strip()

    @display(description=_("detail"))
    def told(self, entry: AuditEntry) -> str:
        """Show the details in one line."""
        return ", ".join(f"{name}: {_in_words(value)}" for name, value in entry.detail.items())


def _in_words(value: object) -> str:
    return " + ".join(map(str, value)) if isinstance(value, list) else str(value)
