"""The dispatch engine: plan, claim, intend, send, record. docs/guarantees.md tells the promise."""
