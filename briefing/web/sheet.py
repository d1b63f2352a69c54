"""Makes one stylesheet of many while static files are collected, so that a page asks for one file.

The sheets stay small, one for each component, and site.css names them in their order by `@import`.
Browsers understand that as it is, only slowly: each sheet would be a question of its own before
anything is painted.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

SHEET = "briefing/css/site.css"

_IMPORT = re.compile(r'@import "(?P<name>[^"]+)"(?: (?P<medium>\w+))?;')
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_INDENT = re.compile(r"\n\s*")


class OneSheetStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise has no types
    """Static files named by their content and compressed, with the public site's sheet in one piece."""

    def post_process(self, paths: dict[str, Any], **options: Any) -> Iterator[Any]:
        """Put the sheets together before anything is named and compressed."""

        def read(name: str) -> str:
            storage, path = paths[name]
            with storage.open(path) as file:
                return str(file.read().decode("utf-8"))

        if SHEET in paths and not options.get("dry_run"):
            content = ContentFile(whole(SHEET, read).encode("utf-8"))
            self.delete(SHEET)
            self.save(SHEET, content)
            paths[SHEET] = (self, SHEET)
        yield from super().post_process(paths, **options)


def whole(name: str, read: Callable[[str], str]) -> str:
    """Return a sheet with what it imports in place, without comments; `read` knows each by its name."""
    folder = PurePosixPath(name).parent

    def imported(match: re.Match[str]) -> str:
        text = read(str(folder / match["name"]))
        return f"@media {match['medium']} {{{text}}}" if match["medium"] else text

    text = _COMMENT.sub("", _IMPORT.sub(imported, read(name)))
    return _INDENT.sub("\n", text).strip()
