"""Tests of lists that are brought over and taken along."""
