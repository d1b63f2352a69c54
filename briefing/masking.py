"""Keeps addresses and readers' keys out of every log line, whoever wrote it. Pure.

Our own lines hold ids alone. What others log may not: Django the path of a refused request, a web
server every path, a library the address it could not reach.
"""

import logging
import re

# Pages behind a signed link: the path's next part is the reader's key.
_KEYED = "address|c|confirm|disown|drafts|o|one-click|preferences|receipt|undo|unsubscribe|view"
_PATH = re.compile(rf"(/(?:{_KEYED})/)[^/\s\"'?#]+")
# A token anywhere else: longer than a checksum in hex and in the alphabet of base64url.
_TOKEN = re.compile(r"(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d)[\w-]{48,}(?![\w-])")
# What is no address: where an error was raised, as in ValueError@emails.py:31.
_ADDRESS = re.compile(r"[^\s@\"'<>(),;:=\[\]/]+@(?!\w+\.py\b)[\w-]+(?:\.[\w-]+)+")


def mask(text: str) -> str:
    """Return the text with addresses, tokens and keyed paths made unreadable."""
    text = _PATH.sub(r"\1***", text)
    text = _TOKEN.sub("***", text)
    return _ADDRESS.sub("***@***", text)


class MaskingFormatter(logging.Formatter):
    """Masks the finished line, with its arguments and any traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line as it may be kept."""
        return mask(super().format(record))
