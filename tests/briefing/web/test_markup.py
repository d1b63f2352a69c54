"""What every public page has to hold, in every state and both languages.

The W3C's checker needs Java and the jar of npm's vnu-jar, so it runs when VNU_JAR says where that is:
`VNU_JAR=vnu.jar .venv/bin/python -m pytest tests/briefing/web/test_markup.py`
"""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from django.test import Client

from tests.briefing.web.every_page import MAIL, pages

pytestmark = pytest.mark.django_db
_IDS = re.compile(r'\sid="([^"]*)"')


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_page_says_its_language_and_has_one_heading_and_a_title(
    client: Client, language: str
) -> None:
    for name, answer in pages(client, language):
        text, ids = answer.content.decode(), _IDS.findall(answer.content.decode())
        spoken = "en" if name == MAIL else language
        assert re.search(rf'<html [^>]*lang="{spoken}"', text), name
        assert len(re.findall(r"<h1[\s>]", text)) == 1, name
        assert re.search(r"<title>\s*[^\s-]", text), name
        assert len(ids) == len(set(ids)), name
        assert not answer.cookies, name


@pytest.mark.skipif("VNU_JAR" not in os.environ, reason="VNU_JAR names no checker")
@pytest.mark.parametrize("language", ["en", "de"])
def test_the_checker_finds_no_error_on_any_public_page(
    client: Client, tmp_path: Path, language: str
) -> None:
    names: dict[str, str] = {}
    for number, (name, answer) in enumerate(pages(client, language)):
        assert "text/html" in answer.headers["Content-Type"], name
        path = tmp_path / f"{number}.html"
        path.write_bytes(answer.content)
        names[path.name] = f"{name} ({answer.status_code})"

    assert len(names) > 60
    assert _errors(tmp_path, names) == []


def _errors(folder: Path, names: dict[str, str]) -> list[tuple[str, str, str]]:
    command = ["java", "-jar", os.environ["VNU_JAR"], "--format", "json", "--errors-only"]
    ran = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=False)
    return [
        (names[Path(each["url"]).name], each["message"], each.get("extract", ""))
        for each in json.loads(ran.stderr)["messages"]
    ]
