"""Tests of what stands at the same path of the project."""
