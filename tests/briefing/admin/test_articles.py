"""Writing at the desk: what an article must have, and what becomes of an uploaded picture."""

import io
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from briefing.models import Article, Issue
from tests.factories import article, issue, topic

ADD = "/admin/briefing/article/add/"


def form(**values: Any) -> dict[str, Any]:
    """Return what the browser posts for a new article."""
    inlines: dict[str, str] = {}
    for name in ("bylines", "sources", "watch_items", "corrections"):
        inlines |= {f"{name}-TOTAL_FORMS": "0", f"{name}-INITIAL_FORMS": "0"}
    return {
        "headline": "Ferries dock themselves",
        "slug": "ferries-dock-themselves",
        "body": "It **worked**.",
        "status": "draft",
        "locale": "en",
        "published_at_0": "",
        "published_at_1": "",
        **inlines,
        **values,
    }


def photograph(*, encoding: str = "JPEG") -> SimpleUploadedFile:
    """Return a picture as a camera writes it: with a place and a name in it."""
    out, tags = io.BytesIO(), Image.Exif()
    tags[0x010E] = "taken at somebody's home"
    Image.new("RGB", (900, 600), "teal").save(out, encoding, exif=tags)
    return SimpleUploadedFile("IMG_0001.jpg", out.getvalue(), "image/jpeg")


def test_an_article_is_written_with_byline_source_and_watch_item(desk: Client) -> None:
    article("Something earlier")
    inlines = {
        "bylines-TOTAL_FORMS": "1",
        "bylines-0-author": str(Article.objects.get().authors.get().pk),
        "bylines-0-position": "0",
        "sources-TOTAL_FORMS": "1",
        "sources-0-title": "The harbour's own report",
        "sources-0-url": "harbour.example/report",
        "sources-0-position": "0",
        "watch_items-TOTAL_FORMS": "1",
        "watch_items-0-text": "The ferry to Tromsø",
        "watch_items-0-outcome": "open",
        "watch_items-0-position": "0",
    }

    answer = desk.post(ADD, form(topic=topic().pk, **inlines))

    assert answer.status_code == 302
    made = Article.objects.get(slug="ferries-dock-themselves")
    assert [str(each) for each in made.bylines.all()] == ["Ada Noor"]
    assert made.sources.get().url == "https://harbour.example/report"
    assert made.watch_items.get().text == "The ferry to Tromsø"
    assert made.history.count() == 1


def test_publishing_dates_an_article_that_has_no_date(desk: Client) -> None:
    desk.post(ADD, form(status="published"))

    assert Article.objects.get().published_at is not None


@pytest.mark.parametrize("missing", ["image_alt", "image_credit"])
def test_a_picture_without_description_or_credit_is_refused(desk: Client, missing: str) -> None:
    words = {"image_alt": "A ferry at a quay", "image_credit": "Image / Photo by Lee on Example"}
    del words[missing]

    answer = desk.post(ADD, form(image=photograph(), **words))

    assert missing in answer.context["adminform"].form.errors
    assert not Article.objects.exists()


def test_a_picture_is_encoded_anew_and_stored_in_every_size(desk: Client) -> None:
    words = {"image_alt": "A ferry at a quay", "image_credit": "Image / Photo by Lee on Example"}

    desk.post(ADD, form(image=photograph(), **words))

    kept = Article.objects.get()
    assert kept.image_credit == "Photo by Lee on Example", "each page writes what stands before it"
    name = str(kept.image)
    assert name.startswith("articles/ferries-dock-themselves-")
    with default_storage.open(name) as stored:
        assert b"somebody's home" not in stored.read()
    assert default_storage.exists(name.replace(".jpg", ".w480.webp"))


@pytest.mark.parametrize(
    "sent", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a not really"]
)
def test_a_file_that_is_no_picture_is_refused(desk: Client, sent: bytes) -> None:
    upload = SimpleUploadedFile("picture.svg", sent, "image/svg+xml")

    answer = desk.post(ADD, form(image=upload, image_alt="x", image_credit="y"))

    assert "image" in answer.context["adminform"].form.errors


def test_a_draft_is_proofed_as_the_page_visitors_would_see(desk: Client) -> None:
    draft = article("Ferries dock themselves", status="draft", published_at=None)

    screen = desk.get(f"/admin/articles/{draft.pk}/preview/?as=narrow")
    page = desk.get(f"/admin/articles/{draft.pk}/preview/page/")

    assert "desk-mail--narrow" in screen.content.decode()
    assert "Ferries dock themselves" in page.content.decode()
    assert page.headers["X-Frame-Options"] == "SAMEORIGIN"
    policy = page.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "unsafe" not in policy
    assert desk.get(draft.get_absolute_url()).status_code == 404


def test_the_page_on_which_an_article_is_begun_says_so(desk: Client) -> None:
    page = desk.get(ADD).text

    assert "<span>Add article</span></h1>" in page
    assert '<a href="/admin/briefing/article/">Articles</a>' in page
    # What would begin another one, and lose this, stands in the list.
    assert "addlink" not in page


def test_the_language_is_chosen_and_one_that_the_pages_do_not_speak_stays(desk: Client) -> None:
    assert '<option value="de">' in desk.get(ADD).text
    french = article("Les grues comptent", locale="fr")

    page = desk.get(f"/admin/briefing/article/{french.pk}/change/").text

    assert '<option value="fr" selected>' in page


def test_a_way_to_the_public_page_stands_only_where_there_is_one(desk: Client) -> None:
    draft = article("Not yet", status=Article.Status.DRAFT, published_at=None)
    read, composed = article("Already"), issue()
    for pk, shown in ((draft.pk, False), (read.pk, True)):
        page = desk.get(f"/admin/briefing/article/{pk}/change/").text
        assert ("View on site" in page) is shown
    where = f"/admin/briefing/issue/{composed.pk}/change/"
    assert "View on site" not in desk.get(where).text
    Issue.objects.update(status=Issue.Status.PUBLISHED)
    assert "View on site" in desk.get(where).text
