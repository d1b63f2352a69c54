"""The address table of the whole site: each area keeps its own."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

urlpatterns: list[URLPattern | URLResolver] = [
    # In this order because most visitors read, and each address is compared with those before it.
    path("", include("briefing.web.urls")),
    path("", include("subscribers.urls")),
    path("api/v1/", include("briefing.api.urls")),
    path("admin/", include("briefing.admin.urls")),
    # allauth's screens for tying an account to others', which nobody does here.
    re_path(r"^accounts/(?:3rdparty|social)/", RedirectView.as_view(pattern_name="account_login")),
    path("accounts/", include("allauth.urls")),
]
if settings.OIDC.is_on:
    urlpatterns.append(path("accounts/oidc/", include("briefing.admin.oidc.urls")))
if settings.MODE == "demo":
    # The inbox shows everybody's mail: it exists in a demo copy and nowhere else.
    urlpatterns.append(path("inbox/", include("briefing.demo.urls")))
