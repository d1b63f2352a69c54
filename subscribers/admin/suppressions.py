"""Addresses that must not be written to: found, added and lifted by whoever knows the address."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from subscribers import address, suppression
from subscribers.admin.base import DeskModelAdmin
from subscribers.admin.finding import matching_hash, searched
from subscribers.admin.screen import show
from subscribers.models import Suppression


class AddressForm(forms.Form):
    """Asks for the address: the row knows it only by a hash, which nobody can read back."""

    address = forms.CharField(label=_("Address"), max_length=320, widget=UnfoldAdminTextInputWidget)

    def clean_address(self) -> str:
        """Return the normalised address."""
        try:
            return address.parse(self.cleaned_data["address"]).key
        except address.AddressRefusedError as error:
            raise forms.ValidationError(str(error)) from error


class NewSuppressionForm(AddressForm, forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A person's decision not to write to an address again."""

    class Meta:
        model = Suppression
        fields = ("note",)
        widgets = {"note": UnfoldAdminTextInputWidget}


class SuppressionAdmin(DeskModelAdmin):
    """Who must not be written to, and why."""

    form = NewSuppressionForm
    list_display = ("reason_shown", "at", "note", "standing")
    list_filter = ("reason",)
    search_fields = ("address_hash",)
    search_help_text = _("The whole address")
    ordering = ("-pk",)
    sortable_by = ()

    def get_fields(self, request: HttpRequest, obj: Suppression | None = None) -> tuple[str, ...]:
        """Ask for an address when adding; afterwards only what is known is shown."""
        return ("reason", "note", "at", "lifted_at") if obj else ("address", "note")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are not edited: a suppression stands until it is lifted."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_lift_permission(self, request: HttpRequest) -> bool:
        """Whether this person may decide that an address is written to again."""
        return request.user.has_perm("subscribers.change_suppression")

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Suppression]", search_term: str
    ) -> tuple["QuerySet[Suppression]", bool]:
        """Search by hash: the address itself is nowhere in this table."""
        return searched(queryset, search_term, matching_hash), False

    def save_model(
        self,
        request: HttpRequest,
        obj: Suppression,
        form: NewSuppressionForm,
        change: bool,  # noqa: FBT001  Django calls it so
    ) -> None:
        """Suppress by the rule, which also takes the reader out of what is being dispatched."""
        key = form.cleaned_data["address"]
        reason = Suppression.Reason.MANUAL
        suppression.suppress(key, reason, now=timezone.now(), note=obj.note)
        standing = Suppression.objects.filter(reason=reason, lifted_at=None)
        obj.pk = matching_hash(standing, key).values_list("pk", flat=True).get()
        obj.reason = reason

    def get_urls(self) -> list[URLPattern]:
        """Add the screen that lifts one."""
        lift = path(
            "<int:pk>/lift/",
            self.admin_site.admin_view(self.lift_view),
            name="subscribers_suppression_lift",
        )
        urls: list[URLPattern] = super().get_urls()
        return [lift, *urls]

    def lift_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Lift a suppression for somebody who can name the address it is about."""
        if not self.has_lift_permission(request):
            raise PermissionDenied
        row = get_object_or_404(Suppression, pk=pk, lifted_at=None)
        form = AddressForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            key = form.cleaned_data["address"]
            if matching_hash(Suppression.objects.filter(pk=pk), key).exists():
                suppression.lift(key, Suppression.Reason(row.reason), now=timezone.now())
                self.admin_site.record(request, "suppression.lift", row)
                messages.success(request, _("Lifted: the address may be written to again."))
                return redirect("admin:subscribers_suppression_changelist")
            form.add_error("address", _("This suppression is about another address."))
        context = {"form": form, "suppression": row, "opts": self.opts, "original": row}
        return show(
            self.admin_site,
            request,
            "desk/suppression_lift.html",
            title=_("Lift a suppression"),
            context=context,
        )

    @display(
        description=_("reason"),
        label={
            Suppression.Reason.HARD_BOUNCE: "warning",
            Suppression.Reason.COMPLAINT: "danger",
            Suppression.Reason.ERASED: "info",
        },
    )
    def reason_shown(self, row: Suppression) -> tuple[str, str]:
        """Show the reason as a label."""
        return row.reason, row.get_reason_display()

    @display(description=_("standing"), boolean=True)
    def standing(self, row: Suppression) -> bool:
        """Say whether it still holds."""
        return row.lifted_at is None
