"""The desk's addresses."""

from django.urls import URLPattern, URLResolver, path

from briefing.admin.site import desk

urlpatterns: list[URLPattern | URLResolver] = [path("", desk.urls)]
