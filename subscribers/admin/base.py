"""What every screen of the desk shares: bounded lists, and who may do what said once."""

from typing import Any

from django.db.models import Field, Model
from django.http import HttpRequest, HttpResponse
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


class LabelledInline:
    """Gives every control of a table of rows a name to be heard: its column's heading is not enough."""

    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if field is not None:
            widget = getattr(field.widget, "widget", field.widget)
            widget.attrs["aria-label"] = capfirst(str(db_field.verbose_name))
        return field


class ReadOnlyAdmin(DeskModelAdmin):
    """A screen for rows that the programs write and people only read."""

    warn_unsaved_form = False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the row without a way to its history at the desk: it has none there."""
        context = {"show_history": False, **(extra_context or {})}
        response: HttpResponse = super().changeform_view(request, object_id, form_url, context)
        return response

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
