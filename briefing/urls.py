"""The address table of the whole site: each area keeps its own."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    # In this order because most visitors read, and each address is compared with those before it.
    path("", include("briefing.web.urls")),
    path("", include("subscribers.urls")),
    path("api/v1/", include("briefing.api.urls")),
    path("admin/", include("briefing.admin.urls")),
    path("accounts/", include("allauth.urls")),
]
if settings.MODE == "demo":
    # The inbox shows everybody's mail: it exists in a demo copy and nowhere else.
    urlpatterns.append(path("inbox/", include("briefing.demo.urls")))
