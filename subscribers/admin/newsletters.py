"""Newsletters with their promise and sender, and the topics that readers and articles share."""

from django.utils.translation import gettext_lazy as _

from subscribers.admin.base import DeskModelAdmin, LabelledInline


class NewsletterAdmin(DeskModelAdmin):
    """What a reader can sign up for."""

    list_display = ("name", "cadence", "from_address", "open_to_signup")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    fieldsets = (
        (None, {"fields": (("name", "slug"), "tagline", "promise", ("cadence", "open_to_signup"))}),
        (
            _("As readers see it in their mailbox"),
            {"fields": (("from_name", "from_address"), "reply_to", "postal_address")},
        ),
        (_("Where it is at home"), {"fields": (("time_zone", "locale"),)}),
    )


class TopicAdmin(LabelledInline, DeskModelAdmin):
    """What a reader can follow and an article carries."""

    list_display = ("name", "slug", "position", "description")
    list_editable = ("position",)
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    fields = (("name", "slug"), "description", "position")
