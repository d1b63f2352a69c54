"""The provider as allauth knows it: the way there, and what is believed of its answer.

Stricter than allauth: the token's signature is checked although it came by TLS, the answer belongs to
one question (nonce), and nothing of the way is taken from a visitor's address line.
"""

import secrets
from typing import Any
from urllib.parse import urlsplit

import jwt
from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp, SocialToken
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

ID = "desk"
# Signatures with a key that only the provider has. Never HMAC, whose key both would know, never none.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
# Two machines' clocks are rarely the same.
_CLOCKS_DIFFER_SECONDS = 30
# OpenID Connect Core 1.0, 3.1.3.7, and the nonce, which this side always sends.
_REQUIRED = ["iss", "sub", "aud", "exp", "iat", "nonce"]
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
# allauth's column for it, which stays empty here: nothing is stored of whoever signs in.
_LONGEST_UID = 191


class UntrustedAnswerError(OAuth2Error):
    """The provider's answer is not one to let somebody in by; the message says why, and names nobody."""


class DeskProvider(OpenIDConnectProvider):
    """The one provider there is, made of the settings."""

    def __init__(self, request: HttpRequest) -> None:
        told = settings.OIDC
        app = SocialApp(
            provider=self.id,
            provider_id=ID,
            name=told.name,
            client_id=told.client_id,
            secret=told.client_secret,
            settings={"server_url": told.server, "oauth_pkce_enabled": True},
        )
        super().__init__(request, app=app)

    def redirect_from_request(self, request: HttpRequest) -> HttpResponse:
        """Lead there to sign in, and for nothing else; `next` has to be an address of this desk."""
        nonce = secrets.token_urlsafe(32)
        answer: HttpResponse = self.redirect(
            request,
            AuthProcess.LOGIN,
            next_url=get_next_redirect_url(request),
            data={"nonce": nonce},
            auth_params={"nonce": nonce},
        )
        return answer

    def get_default_scope(self) -> list[str]:
        """Ask for the address alone: the account here has the name."""
        return ["openid", "email"]

    def get_oauth2_adapter(self, request: HttpRequest) -> "DeskAdapter":
        return DeskAdapter(request, ID)

    def extract_uid(self, data: dict[str, Any]) -> str:
        return str(data["sub"])[:_LONGEST_UID]

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        """Take nothing over: nobody gets an account or another name by signing in."""
        return {}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        return []


class DeskAdapter(OpenIDConnectOAuth2Adapter):
    """What is fetched from the provider, each answer checked before it is used."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """What the provider says of itself. Source: OpenID Connect Discovery 1.0, 4.3.

        Raises: UntrustedAnswerError when it speaks for another issuer, or without TLS.
        """
        if not hasattr(self, "_openid_config"):
            told = self._get(self.get_provider().server_url)
            if str(told.get("issuer", "")).rstrip("/") != settings.OIDC.server.rstrip("/"):
                raise UntrustedAnswerError("discovery names another issuer than OIDC_SERVER")
            scheme = urlsplit(settings.OIDC.server).scheme
            for name in _ENDPOINTS:
                if urlsplit(str(told.get(name, ""))).scheme not in {"https", scheme}:
                    raise UntrustedAnswerError(f"discovery has no usable {name}")
            self._openid_config = told
        return self._openid_config

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Return where the provider sends people back to: what is registered there."""
        return request.build_absolute_uri(reverse("oidc-callback"))

    def get_access_token_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Exchange the code. Raises: UntrustedAnswerError for an answer of an unknown form."""
        try:
            told: dict[str, Any] = super().get_access_token_data(*args, **kwargs)
        except (KeyError, TypeError, ValueError) as error:
            raise UntrustedAnswerError("the answer to the code has no known form") from error
        return told

    def parse_token(self, data: dict[str, Any]) -> SocialToken:
        """Keep what asks for the address in this very request; it is stored nowhere."""
        return SocialToken(token=str(data["access_token"]))

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> Any:
        """Return whom the provider speaks of, in its signed words where those have the address.

        Raises: UntrustedAnswerError.
        """
        claims = self._signed(kwargs["response"].get("id_token"))
        if "email" not in claims:
            told = self._get(str(self.openid_config.get("userinfo_endpoint", "")), token.token)
            # Core 1.0, 5.3.2: without this somebody else's answer could be slipped in.
            if told.get("sub") != claims["sub"]:
                raise UntrustedAnswerError("userinfo speaks of somebody else")
            claims |= {name: told.get(name) for name in ("email", "email_verified")}
        return self.get_provider().sociallogin_from_response(request, claims)

    def _signed(self, id_token: Any) -> dict[str, Any]:
        """Return what the token says once its signature, issuer, audience and hours are checked."""
        issuer, client = self.openid_config["issuer"], settings.OIDC.client_id
        try:
            claims = jwt.decode(
                id_token,
                self._key(jwt.get_unverified_header(id_token).get("kid")),
                algorithms=_ALGORITHMS,
                audience=client,
                issuer=issuer,
                leeway=_CLOCKS_DIFFER_SECONDS,
                options={"require": _REQUIRED},
            )
        except (jwt.PyJWTError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise UntrustedAnswerError(f"the token fails: {type(error).__name__}") from error
        # A token for several is only ours when it was us who asked for it.
        if claims["aud"] not in (client, [client]) and claims.get("azp") != client:
            raise UntrustedAnswerError("the token was made for somebody else")
        return claims

    def _key(self, kid: Any) -> jwt.PyJWK:
        """Return the provider's key of that name, or its only one where a token names none."""
        keys = jwt.PyJWKSet.from_dict(self._get(self.openid_config["jwks_uri"])).keys
        fitting = [key for key in keys if kid in (None, key.key_id)]
        if len(fitting) != 1:
            raise UntrustedAnswerError("the token is signed with a key that is not the provider’s")
        return fitting[0]

    def _get(self, address: str, access_token: str = "") -> dict[str, Any]:
        """Fetch JSON from the provider, from where it said and nowhere it redirects to."""
        headers = {"Authorization": f"Bearer {access_token}"} if access_token else {}
        with get_adapter().get_requests_session() as session:
            response = session.get(address, headers=headers, allow_redirects=False)
            response.raise_for_status()
            told = response.json()
        if not isinstance(told, dict):
            raise UntrustedAnswerError("an answer has no known form")
        return told
