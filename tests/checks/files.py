"""Lists the project's own files: what git knows or would add, without what others wrote."""

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Written by others, or data: nobody here answers for its length or its words.
_NOT_OURS = ("tests/payloads/", "briefing/static/briefing/vendor/", "requirements")
_GENERATED = "/migrations/0"
_CONTENT = ("seeds/",)


def own(*suffixes: str) -> Iterator[Path]:
    """Yield the files that people here write, with one of the suffixes."""
    for name in _listed():
        if not name.endswith(suffixes) or name.startswith((*_NOT_OURS, *_CONTENT)):
            continue
        path = ROOT / name
        if _GENERATED not in name and path.is_file():
            yield path


def everything() -> Iterator[Path]:
    """Yield every file of the project that is text, generated and vendored ones too."""
    for name in _listed():
        path = ROOT / name
        if path.is_file() and b"\0" not in path.read_bytes()[:8192]:
            yield path


def name_of(path: Path) -> str:
    """Return how a message names a file."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.as_posix()


@cache
def _listed() -> tuple[str, ...]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607  git stands in PATH on every machine that has the project
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(sorted(name for name in listed.stdout.split("\0") if name))
