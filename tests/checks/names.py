"""Finds names that say nothing: files for anything, and functions that only handle or process."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.checks import files

# models.py and views.py are the files that outgrow every project; the others never had a purpose.
_FILES = {"common", "helper", "helpers", "misc", "models", "util", "utils", "views"}
_VERBS = ("handle_", "process_", "do_")


def check() -> Iterator[str]:
    """Name every file and function whose name does not say what it is for."""
    paths = list(files.own(".py"))
    yield from empty_file_names(paths)
    yield from empty_verbs(paths)


def empty_file_names(paths: Iterable[Path]) -> Iterator[str]:
    """Name the files that anything could be put into."""
    for path in paths:
        if path.stem in _FILES:
            yield f"{files.name_of(path)}: name the file by its one purpose (docs/architecture.md)"


def empty_verbs(paths: Iterable[Path]) -> Iterator[str]:
    """Name the functions of modules whose verb says nothing; methods may answer to others' names."""
    for path in paths:
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.lstrip("_").startswith(_VERBS):
                yield f"{files.name_of(path)}:{node.lineno} {node.name}: say what it does"
