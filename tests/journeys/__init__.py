"""Whole ways through the product, as a person goes them, against a running copy."""
