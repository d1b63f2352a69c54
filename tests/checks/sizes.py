"""Holds files and functions to the sizes that a person can take in."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.checks import files

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 50


def check() -> Iterator[str]:
    """Name what has outgrown its room."""
    yield from long_files(files.own(".py", ".html", ".css", ".js", ".mjml"))
    yield from long_functions(files.own(".py"))


def long_files(paths: Iterable[Path]) -> Iterator[str]:
    """Name the files that are too long."""
    for path in paths:
        lines = len(path.read_text("utf-8").splitlines())
        if lines > MAX_FILE_LINES:
            yield (
                f"{files.name_of(path)} has {lines} lines, more than {MAX_FILE_LINES}: "
                "split it where the data's way splits"
            )


def long_functions(paths: Iterable[Path]) -> Iterator[str]:
    """Name the functions that are too long."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield (
                    f"{files.name_of(path)}:{node.lineno} {node.name} has {lines} lines, "
                    f"more than {MAX_FUNCTION_LINES}: give its parts names"
                )
