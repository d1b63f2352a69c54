"""A colleague whose phone or key is gone: an owner takes the second factor away, and the log says so."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from briefing.admin import audit
from briefing.admin.gate import needs, needs_second_factor
from briefing.models import User


def may_remove(person: Any, of: User) -> bool:
    """Whether somebody may do it: never for oneself, nor for an account that may do more."""
    may_do_more = of.is_superuser and not person.is_superuser
    return person.pk != of.pk and not may_do_more and bool(person.has_perm("briefing.change_user"))


@require_POST
@needs("briefing.change_user")
@needs_second_factor
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove every key, app and recovery code of a colleague, and end their sessions."""
    of = get_object_or_404(User, pk=pk)
    if not may_remove(request.user, of):
        raise PermissionDenied
    with transaction.atomic():
        Authenticator.objects.filter(user=of).delete()
        for session in UserSession.objects.filter(user=of):
            session.end()
        audit.record(request, "second_factor.take_away", of)
    messages.success(
        request,
        _("Removed. They log in with their password and set up another one before they send."),
    )
    return redirect("admin:briefing_user_change", pk)
