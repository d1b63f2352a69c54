"""The addresses of signing in by the identity provider."""

from django.urls import path

from briefing.admin.oidc import doors

urlpatterns = [
    path("", doors.leave, name="oidc-leave"),
    path("callback/", doors.come_back, name="oidc-callback"),
]
