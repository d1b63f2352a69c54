"""Readers brought over from another list, and taken along to one: as CSV files."""
