"""The address table of a demo copy, for tests, which run as another kind of copy.

To be imported at a test module's head: briefing.urls reads the kind of copy when it is imported.
"""

from django.urls import include, path

from briefing.urls import urlpatterns as everywhere

urlpatterns = [*everywhere, path("inbox/", include("briefing.demo.urls"))]
