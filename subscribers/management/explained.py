"""Commands whose `--help` is a page that keeps its lines: what they take, leave alone and end with."""

import argparse
from typing import Any, ClassVar

from django.core.management.base import BaseCommand


class ExplainedCommand(BaseCommand):
    """A command that explains itself at length; `help` stays its one line in lists."""

    explanation: ClassVar[str]

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """Return Django's parser, which prints the explanation as it is written."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.description = self.explanation
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        return parser
