"""What a provider says when it is asked: whom it does not write to, and what became of a message."""
