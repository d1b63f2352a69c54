"""SQLite as a database whose writers take turns: Django looks for base.py."""
