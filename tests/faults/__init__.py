"""Breaks things while an issue is on its way, and counts what arrived: `make chaos`."""
