"""Issues: what an editor composes, until it is dispatched."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from briefing.admin.site import desk
from briefing.admin.versions import VersionedAdmin
from briefing.models import Issue, IssueItem
from subscribers.admin.base import LabelledInline


class IssueItemInline(LabelledInline, TabularInline):
    """The articles, in the order in which they stand in the mail; Compose is where they change."""

    model = IssueItem
    fields = ("article",)
    # The field says it already.
    hide_title = True
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Leave the choice to Compose."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Leave the order to Compose."""
        return False


@admin.register(Issue, site=desk)
class IssueAdmin(VersionedAdmin):
    """Where an issue is put together, looked at, tried and dispatched."""

    list_display = ("subject_shown", "newsletter", "state", "articles_shown", "published_at")
    list_filter = ("newsletter", "status")
    list_select_related = ("newsletter",)
    search_fields = ("subject",)
    search_help_text = _("Words of the subject")
    ordering = ("-pk",)
    sortable_by = ()
    restored = ("subject", "second_subject", "preheader", "intro", "counts_clicks")
    compared = ("status",)
    inlines = (IssueItemInline,)
    fieldsets = (
        (None, {"fields": ("subject", "second_subject", "preheader", "intro", "counts_clicks")}),
        (_("Where it stands"), {"fields": (("newsletter", "number"), ("status", "published_at"))}),
    )
    readonly_fields = ("newsletter", "number", "status", "published_at")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Issue]":
        """Count each issue's articles in the same query."""
        rows: QuerySet[Issue] = super().get_queryset(request)
        return rows.annotate(carries=Count("items"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Leave the beginning to Compose, which gives an issue its articles and its number."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let only a draft change: what has gone out is its edition, and stays what it was."""
        if obj is not None and obj.status != Issue.Status.DRAFT:
            return False
        return bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only a draft may go."""
        if obj is not None and obj.status != Issue.Status.DRAFT:
            return False
        return bool(super().has_delete_permission(request, obj))

    def get_view_on_site_url(self, obj: Issue | None = None) -> str | None:
        """Lead to the public page once there is one."""
        if obj is None or obj.status == Issue.Status.DRAFT:
            return None
        address: str | None = super().get_view_on_site_url(obj)
        return address

    @display(description=_("subject"))
    def subject_shown(self, issue: Issue) -> str:
        """Name the issue by its number and subject."""
        return f"{issue.number} · {issue.subject}"

    @display(
        description=_("status"),
        label={
            Issue.Status.DRAFT: "warning",
            "scheduled": "info",
            Issue.Status.DISPATCHING: "info",
            Issue.Status.PUBLISHED: "success",
        },
    )
    def state(self, issue: Issue) -> tuple[str, str]:
        """Show the status as a label; a draft that goes out by itself says when."""
        if issue.status != Issue.Status.DRAFT or issue.send_at is None:
            return issue.status, issue.get_status_display()
        zone = ZoneInfo(issue.zone or issue.newsletter.time_zone)
        at = date_format(issue.send_at.astimezone(zone), "DATETIME_FORMAT")
        return "scheduled", gettext("goes out %(at)s") % {"at": at}

    @display(description=_("articles"))
    def articles_shown(self, issue: Issue) -> int:
        """Show how many articles it carries."""
        return int(issue.carries)  # type: ignore[attr-defined]  # the queryset annotates it
