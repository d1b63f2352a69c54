"""Writes down what staff do. Every door of the desk that changes something calls here."""

from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone

from briefing.masking import mask
from briefing.models import AuditEntry, User


def record(
    request: HttpRequest,
    act: str,
    about: Model | None = None,
    *,
    actor: AbstractBaseUser | AnonymousUser | None = None,
    **detail: Any,
) -> AuditEntry:
    """Write one entry. `detail` says what the act was, in words and numbers.

    An address that somebody typed into a reason is masked: nobody could take it out again.

    `actor` is only given where the request does not know them yet, as in a login.
    """
    who = actor or request.user
    return AuditEntry.objects.create(
        at=timezone.now(),
        actor=who if isinstance(who, User) else None,
        act=act,
        subject=about._meta.label_lower if about else "",
        subject_id=str(about.pk) if about else "",
        detail={
            name: mask(told) if isinstance(told, str) else told for name, told in detail.items()
        },
        ip=_ip(request),
    )


def _ip(request: HttpRequest) -> str | None:
    """Return where the request came from, by the rule that login limits go by too."""
    try:
        ip: str = get_adapter(request).get_client_ip(request)
    except PermissionDenied:
        return None
    return ip
