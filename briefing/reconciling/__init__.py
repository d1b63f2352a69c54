"""What we believe compared with what a provider says: its suppression list, and lost reports."""
