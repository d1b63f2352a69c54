"""Articles: read from text files, rendered, found."""
