"""What may be logged of an error: its kind and place, never its message, which may hold an address."""

import traceback


def told(error: Exception) -> str:
    """Return an error's kind, file and line."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}@{frame.filename.rpartition('/')[2]}:{frame.lineno}"
