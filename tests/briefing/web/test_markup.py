"""What the W3C's checker says of every public page.

It needs Java and the jar of npm's vnu-jar, so it runs when VNU_JAR says where that is:
`VNU_JAR=vnu.jar .venv/bin/python -m pytest tests/briefing/web/test_markup.py`
"""

import json
import os
import subprocess
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from briefing.archive import drafts
from subscribers import links
from tests.briefing.web.test_hard_cases import crowded
from tests.factories import NOW, article, issue, newsletter, notice, subscription

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("VNU_JAR" not in os.environ, reason="VNU_JAR names no checker"),
]


def addresses() -> list[str]:
    """Return one address of each kind of public page, with something on it."""
    house = newsletter()
    for kind in ("signup", "privacy", "tracking"):
        notice(kind)
    piece = crowded()
    draft = article("Not out yet", status="draft", published_at=None)
    sent = issue(house, articles=[piece])
    type(sent).objects.filter(pk=sent.pk).update(status="published", published_at=NOW)
    reader = subscription("reader@example.org").subscriber_id
    leave = links.make("unsubscribe", reader, house.pk)
    choose = links.make("preferences", reader, house.pk)
    return [
        *(reverse(name) for name in ("home", "months", "issues", "search", "about", "privacy")),
        *(
            "/search/?q=words",
            "/nothing/",
            "/signup/",
            "/embed/",
            f"/drafts/{drafts.token_for(draft)}/",
        ),
        *(piece.get_absolute_url(), "/topics/automation/", "/authors/ada-noor/"),
        *(sent.get_absolute_url(), f"/archive/{NOW:%Y}/{NOW:%m}/".replace("/0", "/")),
        *(f"/unsubscribe/{leave}/", f"/preferences/{choose}/", "/confirm/made-up/"),
    ]


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_checker_finds_no_error_on_any_public_page(
    client: Client, tmp_path: Path, language: str
) -> None:
    pages: dict[str, str] = {}
    for number, address in enumerate(addresses()):
        answer = client.get(address, headers={"accept-language": language})
        assert "text/html" in answer.headers["Content-Type"], address
        path = tmp_path / f"{number}.html"
        path.write_bytes(answer.content)
        pages[path.name] = address

    command = ["java", "-jar", os.environ["VNU_JAR"], "--format", "json", "--errors-only"]
    ran = subprocess.run(
        [*command, *map(str, sorted(tmp_path.glob("*.html")))],
        capture_output=True,
        text=True,
        check=False,
    )

    found = [
        (pages[Path(each["url"]).name], each["message"], each.get("extract", ""))
        for each in json.loads(ran.stderr)["messages"]
    ]
    assert found == []
