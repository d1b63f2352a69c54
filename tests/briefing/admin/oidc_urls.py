"""The addresses of a copy whose settings name an identity provider."""

from django.urls import include, path

from briefing.urls import urlpatterns as usual

urlpatterns = [*usual, path("accounts/oidc/", include("briefing.admin.oidc.urls"))]
