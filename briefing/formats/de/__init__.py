"""German: day before month, a clock of 24 hours."""
