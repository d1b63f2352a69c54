"""The address table of the programs' side."""

from csp.constants import SELF
from csp.decorators import csp_update
from django.urls import URLPattern, URLResolver, path
from ninja import NinjaAPI

from briefing.api import refusals, signups

api = NinjaAPI(
    title="The Robotics Briefing",
    version="1",
    description="Sign readers up from a program of yours, by the same rules as the form.",
    urls_namespace="api",
    # Swagger UI, which is served from here, draws its arrows by data: addresses in its sheet.
    docs_decorator=csp_update({"img-src": [SELF, "data:"]}),
)
api.add_router("", signups.router)
refusals.handle(api)

urlpatterns: list[URLPattern | URLResolver] = [path("", api.urls)]
