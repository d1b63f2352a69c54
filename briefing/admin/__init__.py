"""The desk: one file per screen, on django-unfold.

Django imports this package once all models are loaded, and with it every screen registers itself.
"""

from briefing.admin import articles, auditing, authors, dispatches, issues, staff
from briefing.admin.site import desk
from subscribers import admin as readers

readers.register(desk)

__all__ = ["articles", "auditing", "authors", "desk", "dispatches", "issues", "staff"]
