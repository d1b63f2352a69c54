"""The faults, one module for each kind; `registry.FAULTS` gathers them in the table's order."""
