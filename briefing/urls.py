"""The address table of the whole site: each area keeps its own."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", include("briefing.admin.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("subscribers.urls")),
    path("", include("briefing.web.urls")),
]
if settings.MODE == "demo":
    # The inbox shows everybody's mail: it exists in a demo copy and nowhere else.
    urlpatterns.append(path("inbox/", include("briefing.demo.urls")))
