"""Measures what docs/benchmarks.md promises; never asserted inside the test suite."""
