"""A provider's API: written by Anymail once, spliced for each reader, called once."""
