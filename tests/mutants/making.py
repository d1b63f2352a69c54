"""A copy of the project in which every small change stands ready, and what each of them is.

mutmut writes each function once as it is and once for each change, and a switch in front of them:
one copy holds all mutants of a file, and trying one needs no further import.
"""

import difflib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mutmut.mutation.file_mutation import MutatedFile, mutate_file_contents
from mutmut.utils.format_utils import get_mutant_name

from tests.mutants.mutant import Mutant

# Neither code nor anything that a test reads.
_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".local", ".*_cache", "__pycache__", "site")


def make(root: Path, copy: Path, files: Sequence[str]) -> list[Mutant]:
    """Copy the project at `root` to `copy`, with the mutants of these files in it; return them."""
    shutil.copytree(root, copy, ignore=_LEFT_OUT, symlinks=True, dirs_exist_ok=True)
    # mutmut reads its settings from the pyproject.toml of the folder it works in.
    os.chdir(copy)
    mutants: list[Mutant] = []
    for file in files:
        path = copy / file
        mutated = mutate_file_contents(file, path.read_text("utf-8"))
        path.write_text(mutated.code, "utf-8")
        mutants.extend(_described(file, mutated))
    return mutants


def files_of(root: Path, wanted: Iterable[str]) -> list[str]:
    """Return the Python files that are named, or lie in a folder that is, relative to `root`."""
    files: set[Path] = set()
    for name in wanted:
        path = root / name
        files.update(path.rglob("*.py") if path.is_dir() else [path])
    return sorted(path.relative_to(root).as_posix() for path in files)


def module_of(file: str) -> str:
    """Return how Python names a file."""
    return file.removesuffix(".py").replace("/", ".")


def _described(file: str, mutated: MutatedFile) -> Iterator[Mutant]:
    lines = mutated.code.splitlines()

    def source(function: str) -> list[str]:
        span = mutated.line_span_by_function_name[function]
        # Without the line that has its name.
        found = [line.strip() for line in lines[span.start - 1 : span.end]]
        return [line.replace(function, "") for line in found]

    for name in mutated.mutant_names:
        mangled = name.rpartition("__mutmut_")[0]
        removed, added = _difference(source(f"{mangled}__mutmut_orig"), source(name))
        function = mangled.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
        yield Mutant(get_mutant_name(Path(file), name), file, function, removed, added)


def _difference(before: list[str], after: list[str]) -> tuple[str, str]:
    removed, added = [], []
    for line in difflib.ndiff(before, after):
        if line.startswith("- "):
            removed.append(line[2:])
        elif line.startswith("+ "):
            added.append(line[2:])
    return "\n".join(removed), "\n".join(added)
