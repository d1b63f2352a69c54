"""Wordings come in from files; a published one never changes."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from subscribers.models import ConsentNotice
from tests.subscribers import making

pytestmark = pytest.mark.django_db


def test_notices_are_loaded_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "signup-1.md").write_bytes(b"\xef\xbb\xbfYes.\r\n\r\n")
    (tmp_path / "privacy-2.de.md").write_text("Ja.\n", "utf-8")

    call_command("load_notices", str(tmp_path), stdout=StringIO())
    call_command("load_notices", str(tmp_path), stdout=StringIO())

    assert sorted(ConsentNotice.objects.values_list("kind", "version", "locale", "text")) == [
        ("privacy", 2, "de", "Ja.\n"),
        ("signup", 1, "en", "Yes.\n"),
    ]


def test_a_file_of_another_name_or_text_is_refused_and_the_others_come_in(tmp_path: Path) -> None:
    making.notice()
    (tmp_path / "letter-1.md").write_text("No.", "utf-8")
    (tmp_path / "privacy-1.md").write_text("Yes.", "utf-8")
    (tmp_path / "signup-1.md").write_text("Changed.", "utf-8")

    with pytest.raises(CommandError, match=r"(?s)letter-1.md.*signup-1.md") as refused:
        call_command("load_notices", str(tmp_path))

    assert "privacy-1.md" not in str(refused.value)
    assert ConsentNotice.objects.filter(kind="privacy").exists()
