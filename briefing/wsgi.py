"""The WSGI door, served by granian."""

import os

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "briefing.settings")

application = get_wsgi_application()

# After Django is ready, because what this asks reads the settings and the database.
from briefing import checks  # noqa: E402  see above

if problems := checks.unfit():
    raise ImproperlyConfigured(problems)
