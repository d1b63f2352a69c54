"""`manage.py up`: a whole copy on this machine, from nothing, in one command."""

import argparse
import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from rich.console import Console

from briefing.demo import failures, groups, instance, ports
from briefing.demo.supervisor import Wanted, run
from briefing.demo.teller import Teller
from subscribers.management.explained import ExplainedCommand

_HELP = """\
Starts a whole copy on this machine: broker, database, mail sink, web server, workers. Loads the
sample articles, signs demo readers up and dispatches issue 1 to them. Nothing leaves this machine:
every mail ends in the sink, and is read at /inbox/.

The first start does all of it; later ones find what is there and send nothing again. Data and logs
are in .local/; remove that folder to begin anew.

exit code: 0 done or stopped, 1 something went wrong and was said, 2 the command was not understood"""

# Tells the second half of `up` which file descriptors hold the folder and the ports.
_HELD = "UP_HELD"


class Command(ExplainedCommand):
    help = "Starts a whole demo copy: broker, database, mail sink, web server, workers, readers."
    explanation = _HELP
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--once",
            action="store_true",
            help="stop as soon as every message has arrived; exit code 1 when one does not",
        )
        parser.add_argument(
            "--readers",
            type=_number(1, 100_000),
            default=200,
            metavar="N",
            help="how many demo readers sign up at the first start (default: 200)",
        )
        parser.add_argument(
            "--port",
            type=_number(1, 65_535),
            metavar="P",
            help="where the web server listens (default: 8000, or a free port when that is taken)",
        )

    def handle(self, *, once: bool, readers: int, port: int | None, **_options: Any) -> None:
        if settings.MODE != "demo":
            raise CommandError(_("up is for demo copies, and this is MODE=%s.") % settings.MODE)
        try:
            if _HELD not in os.environ:
                self._begin(port)
            self._go_on(Wanted(once=once, readers=readers))
        except failures.EXPECTED as error:
            raise CommandError(failures.explain(error, settings.LOCAL_DIR)) from error
        except KeyboardInterrupt:
            self.stdout.write(_("  Stopped; nothing is left running."))
            if once:
                raise CommandError(_("Stopped before every message had arrived.")) from None

    def _begin(self, port: int | None) -> None:
        """Take the folder, clear it of leftovers, choose ports; then become a fresh interpreter.

        The settings were read before the ports of this run were known, so they are read again.
        """
        lock = instance.lock(settings.LOCAL_DIR)
        for name in groups.clear(settings.LOCAL_DIR):
            self.stderr.write(_("  Ended %s, left behind by a run that was killed.") % name)
        made = instance.make(settings.LOCAL_DIR, web_port=port)
        held = [lock, *ports.reservations()]
        for descriptor in held:
            os.set_inheritable(descriptor, True)  # noqa: FBT003  takes no keyword
        environment = {**os.environ, **made.environment(), _HELD: " ".join(map(str, held))}
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606  our own interpreter

    def _go_on(self, wanted: Wanted) -> None:
        # This process alone holds folder and ports: a child that outlived it must not keep them.
        for descriptor in os.environ.pop(_HELD).split():
            os.set_inheritable(int(descriptor), False)  # noqa: FBT003  takes no keyword
        environment = dict(os.environ)
        run(
            instance.current(environment),
            wanted,
            environment=environment,
            teller=Teller(Console(highlight=False)),
        )


def _number(least: int, most: int) -> Any:
    """Return an argument type: a whole number in a range."""

    def number(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"a whole number from {least} to {most}, not {text}")
        return int(text)

    return number
