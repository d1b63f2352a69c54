"""The desk's addresses: its own screens first, then what the admin site makes of the models."""

from django.urls import URLPattern, URLResolver, path

from briefing.admin import deliveries
from briefing.admin.site import desk

urlpatterns: list[URLPattern | URLResolver] = [
    path("deliveries/", desk.admin_view(deliveries.ledger), name="desk-deliveries"),
    path("", desk.urls),
]
