"""Pictures are served with a name that never changes what it shows, and nothing else is."""

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db
NAME = "articles/a-1f2e3d4c-16x9.png"


@pytest.fixture
def media(tmp_path: Path, settings: Settings) -> Path:
    folder = tmp_path / "media"
    (folder / "articles").mkdir(parents=True)
    settings.MEDIA_ROOT = folder
    return folder


def test_a_picture_may_be_kept_for_ever(client: Client, media: Path) -> None:
    (media / NAME).write_bytes(b"png")
    response = client.get(f"/media/{NAME}")
    assert response.getvalue() == b"png"
    assert response["Content-Type"] == "image/png"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in response["Cache-Control"]


@pytest.mark.parametrize(
    "name",
    [
        "articles/a-1f2e3d4c-16x9.webp",
        "articles/upload.png",
        "articles/a.svg",
        "articles/a.html",
        "../keys.env",
        "articles/../../keys.env",
        "%2e%2e/keys.env",
        "articles/..%2f..%2fa-1f2e3d4c-16x9.png",
    ],
)
def test_nothing_but_a_picture_made_here_is_served(client: Client, media: Path, name: str) -> None:
    for stray in ("upload.png", "a.svg", "a.html"):
        (media / "articles" / stray).write_bytes(b"stray")
    (media.parent / "a-1f2e3d4c-16x9.png").write_bytes(b"outside")
    assert client.get(f"/media/{name}").status_code in {400, 404}


def test_a_picture_is_not_changed_by_post(client: Client, media: Path) -> None:
    assert media.is_dir()
    assert client.post(f"/media/{NAME}").status_code == 405
