"""`python -m tests.checks [NAME...]` runs the checks, or the named ones; `make check` is its short name.

Ends with 0 when everything holds, 1 when something does not, 2 when a name is not a check's.
"""

import sys
import time
from collections.abc import Callable, Iterable

# Gives the tools that load the settings keys and a folder of their own.
import tests.environment  # noqa: F401  imported for what it sets
from tests.checks import documents, languages, names, sizes, strings, tools, words

# Quick ones first: the first thing that is wrong should be said within a second.
CHECKS: dict[str, tuple[Callable[[], Iterable[str]], str]] = {
    "sizes": (sizes.check, "Files and functions stay short."),
    "names": (names.check, "A name says what the thing is for."),
    "words": (words.check, "One word for one thing: GLOSSARY.md."),
    "strings": (strings.check, "Nothing unfinished, secret or of one machine."),
    "languages": (languages.check, "Run `make messages` and translate what is new."),
    "documents": (documents.check, "What the documents say has to be there."),
    "lint": (tools.lint, "Mend it; `ruff check --fix` mends some by itself."),
    "form": (tools.form, "Run `ruff format .`"),
    "templates": (tools.templates, "Run `djade --target-version 5.2` on these."),
    "layers": (tools.layers, "Imports go one way: docs/architecture.md."),
    "migrations": (tools.migrations, "Run `manage.py makemigrations APP -n what_it_does`."),
    "system": (tools.system, "Django itself objects."),
    "deployment": (tools.deployment, "A copy in production would run like this."),
    "types": (tools.types, "mypy, strict."),
}


def main(wanted: list[str]) -> int:
    """Run the checks and print a line for each; below a failed one, what is wrong and what to do."""
    unknown = [name for name in wanted if name not in CHECKS]
    if unknown:
        sys.stderr.write(f"No check is named {unknown[0]}; there are {', '.join(CHECKS)}.\n")
        return 2
    # All of them run, so that one round of mending is enough.
    held = [_holds(name) for name in wanted or CHECKS]
    return 0 if all(held) else 1


def _holds(name: str) -> bool:
    check, advice = CHECKS[name]
    began = time.monotonic()
    problems = list(check())
    seconds = f"{time.monotonic() - began:5.1f} s"
    sys.stdout.write(f"{'FAILED' if problems else 'ok':7}{name:12}{seconds}\n")
    for problem in problems:
        sys.stdout.write(f"       {problem}\n")
    if problems:
        sys.stdout.write(f"       -> {advice}\n")
    sys.stdout.flush()
    return not problems


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
