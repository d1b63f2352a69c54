"""People and their consent: from a visitor's signup to an audience."""
