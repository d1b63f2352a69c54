"""Writing with others and over days: nothing typed is lost, nothing of others replaced unseen."""

from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from briefing.models import Article, FormerSlug, KeptText, User
from tests.briefing.admin.conftest import holder_of, log_in
from tests.briefing.admin.test_articles import form
from tests.factories import article

SEEDFILE = """Ferries dock themselves

By Ada Noor

The harbour of Tromsø lets go of the wheel.

The first week went well.

What we're watching next in automation

The ferry to Tromsø

Sources

Harbour Weekly, "A report", https://harbour.example/report
"""


def change(of: Article) -> str:
    """Return the address of an article's form."""
    return f"/admin/briefing/article/{of.pk}/change/"


def seen(of: Article) -> str:
    """Return what the form carries of the version it shows."""
    return Article.objects.get(pk=of.pk).updated_at.isoformat()


def posted(of: Article, **values: Any) -> dict[str, Any]:
    """Return what the browser posts when an article is saved as it stands."""
    return form(
        headline=of.headline, slug=of.slug, body=of.body, status="draft", based_on=seen(of)
    ) | {**values}


def test_what_was_typed_is_kept_offered_and_forgotten_once_it_is_saved(
    desk: Client, owner: User
) -> None:
    draft = article(status="draft", published_at=None)
    typed = {"headline": "A better one", "dek": "", "body": "New text", "based_on": seen(draft)}

    assert desk.post(f"/admin/articles/{draft.pk}/keep/", typed).status_code == 204

    assert "was kept and never saved" in desk.get(change(draft)).content.decode()
    again = desk.get(f"{change(draft)}?kept=1").content.decode()
    assert "New text" in again
    assert Article.objects.get().body != "New text"
    desk.post(change(draft), posted(draft, headline="A better one", body="New text"))
    assert Article.objects.get().headline == "A better one"
    assert not KeptText.objects.exists()


def test_a_new_articles_text_is_kept_before_it_was_ever_saved(desk: Client) -> None:
    desk.post("/admin/articles/0/keep/", {"headline": "Begun", "body": "And interrupted"})

    assert "was kept" in desk.get("/admin/briefing/article/add/").content.decode()
    page = desk.get("/admin/briefing/article/add/?kept=1").content.decode()
    assert "And interrupted" in page
    desk.post("/admin/articles/0/forget/")
    assert not KeptText.objects.exists()


def test_nobody_is_offered_what_a_colleague_typed(desk: Client) -> None:
    draft = article(status="draft", published_at=None)
    log_in(holder_of("editor")).post(f"/admin/articles/{draft.pk}/keep/", {"body": "Hers"})

    assert "was kept" not in desk.get(change(draft)).content.decode()


def test_saving_over_a_colleagues_newer_version_is_stopped_once_and_both_stay(
    desk: Client,
) -> None:
    draft = article(status="draft", published_at=None)
    mine = posted(draft, body="Mine")
    log_in(holder_of("editor")).post(change(draft), posted(draft, body="Theirs"))

    stopped = desk.post(change(draft), mine)

    assert "editor saved this article at" in stopped.content.decode()
    assert Article.objects.get().body == "Theirs"
    shown = stopped.context["adminform"].form
    assert shown["based_on"].value() == seen(draft)
    desk.post(change(draft), {**mine, "based_on": seen(draft)})
    assert Article.objects.get().body == "Mine"
    assert "Theirs" in [each.body for each in draft.history.all()]


def test_a_changed_slug_leads_its_old_address_to_the_article(desk: Client) -> None:
    piece = article("Old name")
    values = posted(piece, slug="new-name", status="published")
    values |= {"published_at_0": "2026-01-01", "published_at_1": "06:00"}
    desk.post(change(piece), values)

    answer = Client().get("/articles/old-name/")

    assert (answer.status_code, answer.headers["Location"]) == (301, "/articles/new-name/")
    refused = desk.post("/admin/briefing/article/add/", form(slug="old-name"))
    assert "slug" in refused.context["adminform"].form.errors
    values |= {"slug": "old-name", "based_on": seen(piece)}
    desk.post(change(piece), values)
    assert [each.slug for each in FormerSlug.objects.all()] == ["new-name"]
    assert Client().get("/articles/old-name/").status_code == 200


def test_the_preview_while_writing_is_what_the_public_page_would_show(desk: Client) -> None:
    answer = desk.post("/admin/articles/render/", {"body": "**Bold** <script>", "locale": "de"})

    assert answer.content.decode().strip() == "<p><strong>Bold</strong> &lt;script&gt;</p>"


def test_an_article_published_for_later_says_so_in_the_list(desk: Client) -> None:
    article(published_at=timezone.now() + timedelta(days=1))

    assert "embargoed" in desk.get("/admin/briefing/article/").content.decode()


def test_files_come_in_at_the_desk_and_a_refused_one_names_its_line(desk: Client) -> None:
    good = SimpleUploadedFile("ferries-dock-themselves.txt", SEEDFILE.encode())
    bad = SimpleUploadedFile("../../Not A Slug.txt", b"Words")

    asked = desk.get("/admin/articles/import/").content.decode()
    empty = SimpleUploadedFile("empty.txt", b"")
    page = desk.post("/admin/articles/import/", {"picked": [good, bad, empty]}).content.decode()

    assert 'type="file"' in asked
    assert "multiple" in asked
    made = Article.objects.get()
    assert made.slug == "ferries-dock-themselves"
    assert f'href="/admin/briefing/article/{made.pk}/change/"' in page
    assert "imported" in page
    assert "call it not-a-slug.txt" in page
    assert "the file is empty" in page


def test_an_import_without_an_article_file_is_refused(desk: Client) -> None:
    picture = SimpleUploadedFile("a.png", b"x")

    assert (
        "no .txt file" in desk.post("/admin/articles/import/", {"picked": picture}).content.decode()
    )
