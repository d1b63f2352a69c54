"""How a copy writes its log: one line an event, to stderr, for whoever runs the process to keep."""

import logging
from http import HTTPStatus
from typing import Any


class RefusalsInOneLine(logging.Filter):
    """Takes the traceback from what Django writes of a request that was refused.

    The refusal is the code's intent, and strangers cause it: each of their forged reports would fill the
    log with thirty lines of ours. An error of ours keeps its traceback.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        if getattr(record, "status_code", 0) in _REFUSED:
            record.exc_info = None
        return True


_REFUSED = range(HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR)


def configuration(level: str) -> dict[str, Any]:
    """Return the logging configuration; `level` is how much is written."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"refusals": {"()": "briefing.logs.RefusalsInOneLine"}},
        "formatters": {
            "line": {
                "()": "briefing.masking.MaskingFormatter",
                "format": "{asctime} {levelname} {name} {message}",
                "style": "{",
            },
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "loggers": {"django.request": {"filters": ["refusals"]}},
        "root": {"handlers": ["stderr"], "level": level},
    }
