"""The desk's admin site: only what is registered here is shown, and allauth opens the door."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from briefing.admin import audit
from briefing.dispatch import holding


class DeskSite(UnfoldAdminSite):
    """Unfold's site with one way in: passwords, second factors and sessions are allauth's."""

    index_title = _("Dashboard")
    enable_nav_sidebar = True

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send to allauth's login; somebody who is logged in but not staff is told so."""
        target = request.GET.get(REDIRECT_FIELD_NAME, "")
        if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
            target = resolve_url(settings.LOGIN_REDIRECT_URL)
        if self.has_permission(request):
            return redirect(target)
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(target)

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Leave by allauth's page, which asks before it acts."""
        return redirect("account_logout")

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Change a password where its other sessions are ended too."""
        return redirect("account_change_password")

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the dashboard: the desk is ordered by work, not by Django's apps."""
        return redirect("admin:index")

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Leave the palette to desk.css, so that no page needs a <style> element; tell of a hold."""
        return {**super().each_context(request), "colors": None, "held": holding.held()}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Return Django's list of apps, made once a template shows it: the side bar is our own."""
        return SimpleLazyObject(partial(super().get_app_list, request, app_label))

    def record(self, request: HttpRequest, act: str, about: Model, **detail: Any) -> None:
        """Write down what somebody did on a screen of Django's admin."""
        audit.record(request, act, about, **detail)

    def may_read_history(self, request: HttpRequest) -> bool:
        """Whether somebody may read who did what."""
        return request.user.has_perm("briefing.view_auditentry")

    def history_address(self, about: Model) -> str:
        """Return where it stands who did what to a row."""
        query = urlencode({"subject": about._meta.label_lower, "subject_id": about.pk})
        return f"{reverse('admin:briefing_auditentry_changelist')}?{query}"


desk = DeskSite(name="admin")
