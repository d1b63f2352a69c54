"""Makes Django ready when it is imported, for whatever is imported behind it."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "briefing.settings")
django.setup()
