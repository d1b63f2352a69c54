"""Tests, at the same paths as the code they hold to its word."""
