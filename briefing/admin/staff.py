"""The people who work at the desk."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import ManyToManyField, QuerySet
from django.forms import CheckboxSelectMultiple, ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from briefing.admin import roles
from briefing.admin.site import desk
from briefing.models import User
from subscribers.admin.base import DeskModelAdmin


class RoleField(ModelMultipleChoiceField):  # type: ignore[type-arg]  # not generic when it runs
    """Says of each role what it may do."""

    def label_from_instance(self, obj: Group) -> str:
        """Return the role in words."""
        return str(roles.LABELS.get(obj.name, obj.name))


@admin.register(User, site=desk)
class StaffAdmin(DeskModelAdmin, UserAdmin):  # type: ignore[type-arg,misc]  # unfold and Django disagree
    """Who may come in, and in which role. Nobody who left is deleted: what they did keeps its name."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "get_full_name", "email", "held_roles", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("username",)
    fieldsets = (
        (None, {"fields": ("username", ("first_name", "last_name"), "email")}),
        (_("Role"), {"fields": ("is_active", "groups")}),
        (_("Dates"), {"fields": (("last_login", "date_joined"),)}),
    )
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ()

    def get_queryset(self, request: HttpRequest) -> "QuerySet[User]":
        """Bring everybody's roles along."""
        rows: QuerySet[User] = super().get_queryset(request)
        return rows.prefetch_related("groups")

    @display(description=_("role"))
    def held_roles(self, person: User) -> str:
        """Name the roles."""
        held = ", ".join(group.name for group in person.groups.all())
        return held or (str(_("may do everything")) if person.is_superuser else "")

    def formfield_for_manytomany(
        self, db_field: "ManyToManyField[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Show the few roles as boxes to tick."""
        if db_field.name == "groups":
            kwargs["widget"] = CheckboxSelectMultiple
            kwargs["form_class"] = RoleField
            kwargs["help_text"] = ""
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_model(
        self,
        request: HttpRequest,
        obj: User,
        form: Any,
        change: bool,  # noqa: FBT001  Django calls it so
    ) -> None:
        """Let whoever is made here come in: readers have no accounts, so everybody is staff."""
        obj.is_staff = True
        super().save_model(request, obj, form, change)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Keep owners from taking over an account that may do more than theirs."""
        person: Any = request.user
        if obj is not None and obj.is_superuser and not person.is_superuser:
            return False
        return bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
