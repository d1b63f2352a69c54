"""Tests of the demo copy: its mail sink, inbox and supervisor."""
