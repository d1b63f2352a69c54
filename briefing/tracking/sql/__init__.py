"""Statements of the fold that differ between databases, the same names in each module."""

from types import ModuleType

from django.db import connection

from briefing.tracking.sql import postgresql, sqlite


def dialect() -> ModuleType:
    """Return the module that speaks to the database in use."""
    return postgresql if connection.vendor == "postgresql" else sqlite
