"""Who may pass: the permission a screen of the desk's own asks for, and the second factor for some."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from briefing.admin.screen import render

View = Callable[..., HttpResponse]
Answer = TypeVar("Answer", bound=HttpResponseBase)


def needs(permission: str) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Refuse a view to anybody without the permission. The site has checked that they are staff."""

    def decorate(view: Callable[..., Answer]) -> Callable[..., Answer]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Answer:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def needs_second_factor(view: Callable[..., Answer]) -> Callable[..., Answer | HttpResponse]:
    """Refuse a view until its user has a second factor and has shown it in this session.

    A password alone can be guessed, read over a shoulder or phished; what it must not be enough
    for is to write to every reader, or to take their addresses away.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Answer | HttpResponse:
        if not settings.STAFF_SECOND_FACTOR or has_shown_second_factor(request):
            return view(request, *args, **kwargs)
        response = render(
            request,
            "desk/second_factor.html",
            _("A second factor first"),
            has_one=is_mfa_enabled(request.user),
            back=_back(request),
        )
        response.status_code = 403
        return response

    return guarded


def _back(request: HttpRequest) -> str:
    """Return where to go on afterwards: for what is only taken as a POST, where its button stands."""
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    came = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came, allowed_hosts={request.get_host()}):
        return reverse("admin:index")
    return urlsplit(came)._replace(scheme="", netloc="", fragment="").geturl()


def has_shown_second_factor(request: HttpRequest) -> bool:
    """Whether this session was opened or strengthened with an app's code, a key or a passkey.

    An identity provider's own second factor counts only where a setting says that it demands one.
    """
    user: Any = request.user
    shown = {each.get("method") for each in get_authentication_records(request, user)}
    if settings.OIDC.is_on and settings.OIDC.demands_second_factor and "socialaccount" in shown:
        return True
    return is_mfa_enabled(user) and "mfa" in shown
