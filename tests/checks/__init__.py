"""Checks that hold for the whole project; `python -m tests.checks` runs them all."""
