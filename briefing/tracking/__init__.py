"""What comes back: reports kept as they came, and folded into fates and suppressions."""
