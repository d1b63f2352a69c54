"""`make messages` gathers every text into the catalogues and compiles them; it needs GNU gettext.

What is new stands there untranslated: `make check` names it until it is.
"""

import os
import shutil
import sys

import tests.environment  # noqa: F401  imported for what it sets
from tests.checks import files

LANGUAGES = ["de"]
# Templates belong to both apps; their texts stand in the first one's catalogue.
CATALOGUES = [files.ROOT / app / "locale" for app in ("briefing", "subscribers")]
_ELSEWHERE = [".*", "docs/*", "seeds/*", "tests/*", "*/migrations/*", "*/static/*"]


def main() -> int:
    """Write the catalogues. Safe to run twice: what is translated stays."""
    if not shutil.which("xgettext"):
        sys.stderr.write("GNU gettext is needed. On Debian and Ubuntu: apt-get install gettext\n")
        return 2
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "briefing.settings")
    import django  # noqa: PLC0415  the settings are named first

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415  so here
    from django.core.management.commands import makemessages  # noqa: PLC0415  so here
    from django.test import override_settings  # noqa: PLC0415  so here

    class Command(makemessages.Command):
        # A text that only resembles another one is a new text: guesses would go out unread.
        msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]

    for place in CATALOGUES:
        place.mkdir(exist_ok=True)
    with override_settings(LOCALE_PATHS=[str(place) for place in CATALOGUES]):
        call_command(
            Command(),
            locale=LANGUAGES,
            extensions=["py", "html", "txt", "mjml"],
            ignore_patterns=_ELSEWHERE,
            add_location="file",
            no_obsolete=True,
        )
        call_command("compilemessages", locale=LANGUAGES, ignore_patterns=_ELSEWHERE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
