"""Finds what must never be committed: unfinished marks, machine paths, registries, secrets."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.checks import files

# Written in pieces, so that this file does not find itself.
_FORBIDDEN = {
    rf"\b(?:{'TO' + 'DO'}|{'FIX' + 'ME'})\b": "finish it, or open an issue and leave no mark here",
    r"(?<![\w.-])/(?:home|Users|root|work)/[\w.-]+/": "a path of one machine: make it relative",
    r"(?:files\.python" + r"hosted\.org|py" + r"pi\.org/simple|registry\.npm" + r"js\.org)": (
        "an address of a registry: the lock files name versions and hashes only"
    ),
    r"-----BEGIN [A-Z ]*PRIVATE " + r"KEY-----": "a private key: take it out and replace it",
}
_INDEX_LINE = re.compile(r"^\s*(?:--index-url|--extra-index-url|--find-links|-i )|https?://")
_UNEXPLAINED = re.compile(
    r"#\s*no" + r"qa(?::\s*[A-Z0-9, ]+)?\s*$|#\s*type:\s*ig" + r"nore(?:\[[\w, -]*\])?\s*$"
)


def check() -> Iterator[str]:
    """Name every place where something forbidden stands."""
    yield from forbidden(files.everything())
    yield from registries(files.ROOT.glob("requirements*.lock"))
    yield from unexplained(files.own(".py"))


def forbidden(paths: Iterable[Path]) -> Iterator[str]:
    """Name the places in these files where a forbidden string stands."""
    patterns = [(re.compile(pattern), advice) for pattern, advice in _FORBIDDEN.items()]
    for path in paths:
        if files.name_of(path).startswith("tests/payloads/"):
            continue
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), start=1):
            for pattern, advice in patterns:
                if match := pattern.search(line):
                    yield f"{files.name_of(path)}:{number} has {match[0]}: {advice}"


def registries(paths: Iterable[Path]) -> Iterator[str]:
    """Name the lines of lock files that say where packages come from."""
    for path in paths:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            if _INDEX_LINE.search(line):
                yield f"{files.name_of(path)}:{number} names a registry: lock without its address"


def unexplained(paths: Iterable[Path]) -> Iterator[str]:
    """Name the exceptions to a rule that give no reason, on their line or in a comment above it."""
    for path in paths:
        above = ""
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            if _UNEXPLAINED.search(line) and not above.lstrip().startswith("#"):
                yield f"{files.name_of(path)}:{number} makes an exception: say beside it why"
            above = line
