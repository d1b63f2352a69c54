"""Readers and their subscriptions, found by what people ask with: an address or a domain."""

from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from subscribers.admin.base import DeskModelAdmin, ReadOnlyAdmin
from subscribers.admin.finding import matching_address
from subscribers.models import Newsletter, Subscriber, Subscription

STATE_LABELS = {"active": "success", "unsubscribed": "warning", "withheld": "danger"}


class SubscriptionInline(TabularInline):
    """What this reader receives."""

    model = Subscription
    fields = ("newsletter", "state", "withheld", "frequency", "paused_until", "confirmed_at")
    readonly_fields = fields
    # The newsletter's name says it already.
    hide_title = True
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class SubscriberAdmin(DeskModelAdmin):
    """One reader. An address changes, and a reader goes, by the rules and never by a form here."""

    list_display = ("address", "name", "locale", "tracking_allowed", "created_at")
    search_fields = ("address_key",)
    search_help_text = _("An address, its beginning, or @domain")
    ordering = ("-pk",)
    sortable_by = ()
    inlines = (SubscriptionInline,)
    fieldsets = (
        (None, {"fields": ("address", ("name", "format"), ("locale", "time_zone"))}),
        (
            _("For the record"),
            {
                "fields": (
                    "tracking_allowed",
                    "attributes_shown",
                    ("created_at", "erased_at"),
                    "person",
                )
            },
        ),
    )
    readonly_fields = (
        "address",
        "tracking_allowed",
        "attributes_shown",
        "created_at",
        "erased_at",
        "person",
    )

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Subscriber]", search_term: str
    ) -> tuple["QuerySet[Subscriber]", bool]:
        """Search by index only: a contains-search of a million addresses reads them all."""
        return matching_address(queryset, search_term), False

    @display(description=_("attributes"))
    def attributes_shown(self, reader: Subscriber) -> str:
        """Show what is known besides, as words."""
        return _in_words(reader.attributes)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody becomes a reader but by confirming, or by an import that names its basis."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Erasure leaves a tombstone and a suppression behind; deleting a row would leave neither."""
        return False


class SubscriptionAdmin(ReadOnlyAdmin):
    """Who receives which newsletter. The rules write these rows; here they are read."""

    list_display = (
        "reader",
        "newsletter",
        "state_shown",
        "frequency",
        "paused_until",
        "confirmed_at",
    )
    list_filter = ("newsletter", "state", "withheld", "frequency")
    list_select_related = ("subscriber", "newsletter")
    search_fields = ("subscriber__address_key",)
    search_help_text = _("An address, its beginning, or @domain")
    ordering = ("-pk",)
    sortable_by = ()
    fields = (
        ("subscriber", "newsletter"),
        ("state", "withheld"),
        ("frequency", "paused_until"),
        "topics",
        ("confirmed_at", "unsubscribed_at"),
        "unsubscribe_reason",
        "source_shown",
    )

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Subscription]", search_term: str
    ) -> tuple["QuerySet[Subscription]", bool]:
        """Search by the reader's address, with the index only."""
        return matching_address(queryset, search_term, prefix="subscriber__"), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Offer each newsletter's readers as a file."""
        named = {"newsletters": Newsletter.objects.order_by("pk")}
        shown: HttpResponse = super().changelist_view(request, named | (extra_context or {}))
        return shown

    @display(description=_("reader"))
    def reader(self, subscription: Subscription) -> str:
        """Show the address."""
        return str(subscription.subscriber)

    @display(description=_("source"))
    def source_shown(self, subscription: Subscription) -> str:
        """Show where the reader came from, as words."""
        return _in_words(subscription.source)

    @display(description=_("state"), label=STATE_LABELS)
    def state_shown(self, subscription: Subscription) -> tuple[str, str]:
        """Show the state, or why nothing may be sent whatever the state is."""
        if subscription.withheld:
            return "withheld", subscription.get_withheld_display()
        return subscription.state, subscription.get_state_display()


def _in_words(values: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in values.items()) or "–"
