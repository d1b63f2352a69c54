"""Every version of a row that was ever saved: who made it, what it changed, and the way back to it.

simple_history keeps the versions. Its own screens restore one for whoever may see it, with all that
it held, so that an author could put an old text before readers; these ask whoever may change the row
as it is now, and bring back what was written and nothing else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.utils import get_history_manager_for_model

from briefing.admin import differing, trail
from briefing.admin.differing import Passage
from briefing.admin.screen import render
from briefing.admin.trail import Trail
from subscribers.admin.base import DeskModelAdmin

VERSIONS_PER_PAGE = 50
SIDES = {"change": _("What it changed"), "now": _("What restoring it would change")}


@dataclass(frozen=True, slots=True)
class Line:
    """One version in the list, and the names of what it changed."""

    version: Any
    changed: str
    is_first: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs between two versions."""

    name: str
    passages: list[Passage]


class VersionedAdmin(DeskModelAdmin):
    """A model of which every version is kept, to be compared and restored."""

    # What restoring brings back. Whether and where a row is public and when it goes out are
    # decisions of their own, and stay as they are.
    restored: tuple[str, ...] = ()
    # What is compared besides.
    compared: tuple[str, ...] = ()

    def get_urls(self) -> list[URLPattern]:
        """Add the address of one version."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_version"
        view = self.admin_site.admin_view(self.version_view)
        return [path("<int:pk>/history/<int:version>/", view, name=name), *super().get_urls()]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """List the versions, newest first."""
        row = self._row(request, unquote(object_id))
        before = request.GET.get("before", "")
        kept = self._kept(row)
        if before.isascii() and before.isdecimal():
            kept = kept.filter(history_id__lt=int(before[:18]))
        found = list(kept.select_related("history_user")[: VERSIONS_PER_PAGE + 1])
        shown = found[:VERSIONS_PER_PAGE]
        return render(
            request,
            "desk/versions.html",
            _("Versions"),
            lines=list(self._lines(found))[:VERSIONS_PER_PAGE],
            address=f"admin:{self.opts.app_label}_{self.opts.model_name}_version",
            row=row,
            earlier=shown[-1].history_id if len(found) > VERSIONS_PER_PAGE else None,
            trail=self._trail(row),
        )

    def version_view(self, request: HttpRequest, pk: int, version: int) -> HttpResponse:
        """Show what a version changed and what restoring it would change; on a POST, restore it."""
        row = self._row(request, str(pk))
        of = get_object_or_404(self._kept(row), history_id=version)
        if request.method == "POST":
            return self._restore(request, pk, of)
        side = request.GET.get("as", "")
        side = side if side in SIDES else "change"
        earlier = self._kept(row).filter(history_id__lt=version).first()
        restoring = self._differences(row, of, self.restored)
        changed = self._differences(earlier, of, (*self.restored, *self.compared))
        return render(
            request,
            "desk/version.html",
            gettext("Version of %(time)s") % {"time": _time(of.history_date)},
            version=of,
            differences=restoring if side == "now" else changed,
            may_restore=bool(restoring) and self.has_change_permission(request, row),
            is_now=not restoring,
            width=side,
            widths=SIDES,
            trail=[*self._trail(row), (_("Versions"), self._address(row, "history"))],
        )

    def _restore(self, request: HttpRequest, pk: int, version: Any) -> HttpResponse:
        """Make an earlier version's texts the newest ones; those of now stay in the history."""
        with transaction.atomic():
            row = get_object_or_404(self.model.objects.select_for_update(), pk=pk)
            if not self.has_change_permission(request, row):
                raise PermissionDenied
            for name in self.restored:
                field: Any = self.opts.get_field(name)
                value = getattr(version, field.attname)
                # What it pointed to may be gone by now.
                if field.is_relation and value is not None and _behind(field, value) is None:
                    continue
                setattr(row, field.attname, value)
            row.save()
            self._record(request, "restore", row, version=version.history_id)
        messages.success(request, _("Restored. What stood here before is in the history too."))
        return redirect(self._address(row, "change"))

    def _row(self, request: HttpRequest, number: str) -> Any:
        row = self.get_queryset(request).filter(pk=number).first() if number.isdecimal() else None
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return row

    def _kept(self, row: Model) -> Any:
        return get_history_manager_for_model(self.model).filter(id=row.pk).order_by("-history_id")

    def _lines(self, found: Sequence[Any]) -> Iterator[Line]:
        """Compare each version with the one before it, which stands behind it in the list."""
        for version, earlier in zip(found, [*found[1:], None], strict=True):
            names = () if earlier is None else self._changed(earlier, version)
            labels = [str(self.opts.get_field(name).verbose_name) for name in names]
            yield Line(version, ", ".join(labels), is_first=earlier is None)

    def _changed(self, before: Any, after: Any) -> list[str]:
        names = (*self.restored, *self.compared)
        fields: list[Any] = [self.opts.get_field(name) for name in names]
        return [
            field.name
            for field in fields
            if str(getattr(before, field.attname)) != str(getattr(after, field.attname))
        ]

    def _differences(self, before: Any, after: Any, names: Sequence[str]) -> list[Difference]:
        found = []
        for field in (self.opts.get_field(name) for name in names):
            old = _in_words(field, before) if before is not None else ""
            new = _in_words(field, after)
            if old != new:
                label = str(capfirst(str(field.verbose_name)))
                found.append(Difference(label, differing.compare(old, new)))
        return found

    def _trail(self, row: Model) -> Trail:
        return [
            (trail.all_of(self.model), self._address(None, "changelist")),
            (str(row), self._address(row, "change")),
        ]

    def _address(self, row: Model | None, what: str) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{what}"
        return reverse(name, args=[row.pk] if row else [])


def _in_words(field: Any, row: Any) -> str:
    """Return a field's value as a person reads it."""
    value = getattr(row, field.attname)
    if value is None or value == "":
        return ""
    if field.is_relation:
        return str(_behind(field, value) or "")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return _time(value) if isinstance(value, datetime) else str(value).replace("\r\n", "\n")


def _behind(field: Any, number: int) -> Any:
    return field.related_model.objects.filter(pk=number).first()


def _time(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")
