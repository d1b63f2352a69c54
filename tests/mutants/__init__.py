"""Changes the engine's code in small ways, one at a time, and counts what the tests notice."""
