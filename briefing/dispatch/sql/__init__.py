"""The engine's bulk statements, one small module per database, the same functions in each."""

from types import ModuleType

from django.db import connection

from briefing.dispatch.sql import postgresql, sqlite


def dialect() -> ModuleType:
    """Return the module that speaks to the database in use."""
    return postgresql if connection.vendor == "postgresql" else sqlite
