"""What came in by the forms, and the mails owed because of it."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from subscribers.admin.base import ReadOnlyAdmin
from subscribers.admin.finding import matching_mailbox, searched
from subscribers.models import Outbox, SignupRequest


class SignupRequestAdmin(ReadOnlyAdmin):
    """Requests of the last days; unconfirmed ones go by themselves after seven."""

    list_display = ("created_at", "address", "newsletter", "state_shown", "reason", "form")
    list_filter = ("state", "newsletter")
    list_select_related = ("newsletter",)
    search_fields = ("address",)
    search_help_text = _("The whole address")
    ordering = ("-pk",)
    sortable_by = ()
    fields = (
        ("address", "newsletter"),
        ("state", "reason"),
        ("created_at", "locale"),
        "topics",
        "notice",
        ("page", "form"),
        "source",
        ("ip", "user_agent"),
        "proven",
    )

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[SignupRequest]", search_term: str
    ) -> tuple["QuerySet[SignupRequest]", bool]:
        """Search by the hash of the address's mailbox, which has the index."""
        return searched(queryset, search_term, matching_mailbox), False

    @display(
        description=_("state"),
        label={
            SignupRequest.State.RECEIVED: "info",
            SignupRequest.State.MAILED: "warning",
            SignupRequest.State.CONFIRMED: "success",
            SignupRequest.State.BOUNCED: "danger",
            SignupRequest.State.DISOWNED: "danger",
        },
    )
    def state_shown(self, signup: SignupRequest) -> tuple[str, str]:
        """Show the state as a label."""
        return signup.state, signup.get_state_display()


class OutboxAdmin(ReadOnlyAdmin):
    """Mail owed to one person, and what became of it."""

    list_display = (
        "created_at",
        "purpose",
        "newsletter",
        "state_shown",
        "attempts",
        "code",
        "next_shown",
    )
    list_filter = ("state", "purpose")
    list_select_related = ("newsletter",)
    ordering = ("-pk",)
    sortable_by = ()
    fields = (
        ("purpose", "newsletter"),
        ("state", "attempts"),
        "code",
        ("created_at", "next_at", "finished_at"),
        ("signup", "subscriber"),
        "step",
    )

    @display(description=_("next attempt at"))
    def next_shown(self, mail: Outbox) -> Any:
        """Say when it is tried next; what has its answer is not tried again."""
        return mail.next_at if mail.state in {Outbox.State.OWED, Outbox.State.LEAVING} else None

    @display(
        description=_("state"),
        label={
            Outbox.State.OWED: "info",
            Outbox.State.LEAVING: "warning",
            Outbox.State.ACCEPTED: "success",
            Outbox.State.REJECTED: "danger",
            Outbox.State.UNKNOWN: "warning",
        },
    )
    def state_shown(self, mail: Outbox) -> tuple[str, str]:
        """Show the state as a label."""
        return mail.state, mail.get_state_display()
