"""The people who work at the desk."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Exists, ManyToManyField, OuterRef, QuerySet
from django.forms import CheckboxSelectMultiple, ModelMultipleChoiceField
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm

from briefing.admin import factors, inviting, roles
from briefing.admin.site import desk
from briefing.models import User
from subscribers.admin.base import DeskModelAdmin


class RoleField(ModelMultipleChoiceField):  # type: ignore[type-arg]  # not generic when it runs
    """Says of each role what it may do."""

    def label_from_instance(self, obj: Group) -> str:
        """Return the role in words."""
        return str(roles.LABELS.get(obj.name, obj.name))


class StaffForm(UserChangeForm):
    """Keeps whoever makes owners from leaving the house without one."""

    acting: User | None = None

    def clean(self) -> dict[str, Any]:
        """Refuse to shut oneself out: that is for another owner to do."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        acting = self.acting
        if acting is None or acting.pk != self.instance.pk:
            return values
        stays = acting.is_superuser or values["groups"].filter(name=roles.OWNER).exists()
        for name, is_kept in (("is_active", values.get("is_active")), ("groups", stays)):
            if not is_kept:
                self.add_error(
                    name, _("This is you: another owner has to do it, or nobody could undo it.")
                )
        return values


@admin.register(User, site=desk)
class StaffAdmin(DeskModelAdmin, UserAdmin):  # type: ignore[type-arg,misc]  # unfold and Django disagree
    """Who may come in, and in which role. Nobody who left is deleted: what they did keeps its name."""

    form = StaffForm
    add_form = inviting.NewStaffForm
    change_password_form = AdminPasswordChangeForm
    list_display = (
        *("username", "named", "email", "held_roles", "second_factor"),
        *("is_active", "last_login"),
    )
    list_filter = ("is_active", "groups")
    search_fields = ("username", "first_name", "last_name", "email")
    search_help_text = _("Name or address")
    ordering = ("username",)
    fieldsets = (
        (None, {"fields": ("username", ("first_name", "last_name"), "email")}),
        (_("Role"), {"fields": ("is_active", "groups")}),
        (_("Dates"), {"fields": (("last_login", "date_joined"),)}),
    )
    # unfold's own, which is empty, would come before Django's.
    add_fieldsets = (
        (None, {"fields": ("username", ("first_name", "last_name"), "email")}),
        (_("Role"), {"fields": ("groups",)}),
        (
            _("Password"),
            {
                "fields": ("password1", "password2"),
                "description": _(
                    "Leave both empty, and they get a mail with a link to choose their own."
                ),
            },
        ),
    )
    add_form_template = "admin/change_form.html"
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ()

    def get_queryset(self, request: HttpRequest) -> "QuerySet[User]":
        """Bring everybody's roles along, and whether they have a second factor."""
        rows: QuerySet[User] = super().get_queryset(request)
        keys = Authenticator.objects.filter(user=OuterRef("pk"))
        return rows.prefetch_related("groups").annotate(has_factor=Exists(keys))

    def get_form(
        self,
        request: HttpRequest,
        obj: User | None = None,
        change: bool = False,  # noqa: FBT001, FBT002  Django calls it so
        **kwargs: Any,
    ) -> Any:
        """Let the form know who fills it in."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.acting = request.user
        return form

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Offer to remove the second factor of somebody who has one."""
        of = self.get_object(request, object_id)
        offered = of is not None and of.has_factor and factors.may_remove(request.user, of)
        context = {"may_remove_factor": offered, **(extra_context or {})}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    @display(description=_("second factor"), boolean=True)
    def second_factor(self, person: User) -> bool:
        """Show who could not send yet."""
        return bool(person.has_factor)  # type: ignore[attr-defined]  # the queryset annotates it

    @display(description=_("name"))
    def named(self, person: User) -> str:
        """Show the whole name."""
        return person.get_full_name()

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
            kwargs["label"] = _("Roles")
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
        if not change and form.invites:
            # Not while the database is held: a mail server may take its time.
            transaction.on_commit(lambda: inviting.invite(request, obj))
            messages.info(
                request, _("%(address)s gets a link to choose a password.") % {"address": obj.email}
            )

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Keep owners from taking over an account that may do more than theirs."""
        person: Any = request.user
        if obj is not None and obj.is_superuser and not person.is_superuser:
            return False
        return bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
