"""How a copy writes its log: one line an event, to stderr, for whoever runs the process to keep."""

from typing import Any


def configuration(level: str) -> dict[str, Any]:
    """Return the logging configuration; `level` is how much is written."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": "briefing.masking.MaskingFormatter",
                "format": "{asctime} {levelname} {name} {message}",
                "style": "{",
            },
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
    }
