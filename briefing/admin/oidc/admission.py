"""Whom the desk lets in by the identity provider's word: its own active staff, and nobody new."""

import logging
import secrets
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.constants import AuthError
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from briefing.admin import audit
from briefing.admin.oidc.provider import ID, DeskProvider, UntrustedAnswerError
from briefing.models import User

logger = logging.getLogger(__name__)


class StaffProviderAdapter(DefaultSocialAccountAdapter):
    """allauth's questions about identity providers, answered from the settings alone."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Make nobody an account: owners do."""
        return False

    def list_providers(self, request: HttpRequest) -> list[DeskProvider]:
        """Return the provider for the login page, when there is one."""
        return [DeskProvider(request)] if settings.OIDC.is_on else []

    def get_provider(
        self, request: HttpRequest, provider: str, client_id: str | None = None
    ) -> DeskProvider:
        """Return the provider by its name; rows of the database are never asked."""
        if not settings.OIDC.is_on or provider not in {ID, DeskProvider.id}:
            raise SocialApp.DoesNotExist
        return DeskProvider(request)

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Name the member of staff whom the provider vouches for, or end it here."""
        claims = sociallogin.account.extra_data
        asked = (sociallogin.state.get("data") or {}).get("nonce", "")
        if not secrets.compare_digest(str(claims["nonce"]).encode(), str(asked).encode()):
            raise ImmediateHttpResponse(unfinished(request, UntrustedAnswerError("another nonce")))
        person = vouched_for(claims)
        if person is None:
            raise ImmediateHttpResponse(_unknown(request))
        sociallogin.user = person

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Show the desk's own page instead of allauth's."""
        if error == AuthError.CANCELLED:
            raise ImmediateHttpResponse(_cancelled(request))
        raise ImmediateHttpResponse(unfinished(request, exception))


def vouched_for(claims: dict[str, Any]) -> User | None:
    """Return the one active member of staff with the address that the provider says is verified.

    Only letters of ASCII are alike in both cases: to a database the dotless i may be an i.
    """
    address = claims.get("email")
    if not isinstance(address, str) or not address or claims.get("email_verified") is not True:
        return None
    alike = User.objects.filter(email__iexact=address, is_active=True, is_staff=True)
    found = [each for each in alike if each.email.encode().lower() == address.encode().lower()]
    return found[0] if len(found) == 1 else None


def unfinished(request: HttpRequest, why: Exception | None) -> HttpResponse:
    """Answer that it did not come to an end. The log says why, and never in the provider's words."""
    told = str(why) if isinstance(why, UntrustedAnswerError) else type(why).__name__
    logger.warning("oidc_unfinished reason=%s", told if why else "no such state, or no code")
    # Who comes with nothing writes nothing; an answer to a question of ours is worth an entry.
    if isinstance(why, OAuth2Error):
        audit.record(request, "account.refused", by=settings.OIDC.name)
    text = _("Signing in with %(name)s did not come to an end: please begin again.")
    return _refusal(request, text, status=401)


def _unknown(request: HttpRequest) -> HttpResponse:
    """Answer the same whether the address is unknown, unverified, or of somebody who left."""
    audit.record(request, "account.refused", by=settings.OIDC.name)
    text = _(
        "%(name)s knows you, but vouches for no address that belongs to an active account here: "
        "an owner of the desk can mend that."
    )
    return _refusal(request, text, status=403)


def _cancelled(request: HttpRequest) -> HttpResponse:
    text = _("You did not sign in with %(name)s, so nothing happened.")
    return _refusal(request, text, status=401)


def _refusal(request: HttpRequest, text: str, *, status: int) -> HttpResponse:
    sentence = text % {"name": settings.OIDC.name}
    return render(request, "account/oidc_refused.html", {"sentence": sentence}, status=status)
