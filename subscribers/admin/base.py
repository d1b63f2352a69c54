"""What every screen of the desk shares: bounded lists, and who may do what said once."""

from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.text import capfirst
from unfold.admin import ModelAdmin

from subscribers.admin.paging import BoundedPaginator


class DeskModelAdmin(ModelAdmin):
    """A screen that stays quick with a million rows and warns before typed text is lost."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_filter_sheet = False
    compressed_fields = True
    warn_unsaved_form = True
    # Bulk deletion is never part of the work here: what may go, goes one at a time.
    actions = None

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> None:
        """Write it into the desk's own log: Django's would keep a reader's address in words."""
        self._record(request, "add", obj)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None:
        """Write down which fields were changed, never what they held."""
        self._record(request, "change", obj, fields=_fields_in(message))

    def log_deletions(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        """Write down each row that goes."""
        for row in queryset:
            self._record(request, "delete", row)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the way to a row's history to whoever may read it."""
        context = {"show_history": self.has_history_permission(request), **(extra_context or {})}
        response: HttpResponse = super().changeform_view(request, object_id, form_url, context)
        return response

    def has_history_permission(self, request: HttpRequest) -> bool:
        """Whether this person may read what was done to a row here."""
        # Rows whose every version is kept show it to all who may see the row.
        return hasattr(self.model, "history") or self.admin_site.may_read_history(request)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to what the log says about the row, for somebody who may read the log."""
        if not self.admin_site.may_read_history(request):
            raise PermissionDenied
        row = get_object_or_404(self.model, pk=unquote(object_id))
        return redirect(self.admin_site.history_address(row))

    def _record(self, request: HttpRequest, verb: str, row: Model, **detail: Any) -> None:
        self.admin_site.record(request, f"{row._meta.model_name}.{verb}", row, **detail)


def _fields_in(message: Any) -> list[str]:
    """Return the names of the fields that Django's description of a change speaks of."""
    if not isinstance(message, list):
        return []
    return [name for part in message for name in part.get("changed", {}).get("fields", [])]


class LabelledInline:
    """Gives every control of a table of rows a name to be heard: its column's heading is not enough."""

    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]  # LabelledInline is mixed in
        if field is not None:
            widget = getattr(field.widget, "widget", field.widget)
            widget.attrs["aria-label"] = capfirst(str(db_field.verbose_name))
        return field


class ReadOnlyAdmin(DeskModelAdmin):
    """A screen for rows that the programs write and people only read."""

    warn_unsaved_form = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
