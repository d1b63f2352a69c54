"""The way to the identity provider and back: two addresses, there only when the settings name one."""

from allauth.core import ratelimit
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods
from requests import RequestException

from briefing.admin.oidc.admission import unfinished
from briefing.admin.oidc.provider import ID, DeskAdapter, DeskProvider


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest) -> HttpResponse:
    """Lead to the provider on a press of the button; whoever comes back to this address logs in anew.

    A page leads there and no redirect: the content policy lets a form, and whatever its answer
    redirects to, stay on this site, and providers send people through addresses nobody can list.
    """
    if request.method != "POST":
        return redirect("account_login")
    too_many: HttpResponse | None = ratelimit.consume_or_429(request, action="login")
    if too_many:
        return too_many
    provider = DeskProvider(request)
    try:
        answer = provider.redirect_from_request(request)
    except ImmediateHttpResponse as refused:
        told: HttpResponse = refused.response
        return told
    except (OAuth2Error, RequestException) as error:
        return unfinished(request, error)
    context = {"provider": provider, "address": answer.headers["Location"]}
    return render(request, "account/oidc_leave.html", context)


@never_cache
@require_GET
def come_back(request: HttpRequest) -> HttpResponse:
    """Take the provider's answer, once for each time somebody left."""
    answer: HttpResponse = OAuth2CallbackView.adapter_view(DeskAdapter(request, ID))(request)
    return answer
