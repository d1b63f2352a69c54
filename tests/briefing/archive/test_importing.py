"""From a folder to the archive and back again, without a change that nobody made."""

import io
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from PIL import Image
from pytest_django import Settings

from briefing.models import Article, Author, Source, WatchItem
from subscribers.models import Newsletter, Topic

pytestmark = pytest.mark.django_db
FORM = Path(__file__).parent / "files" / "tin-robots-of-lake-garda.txt"
TOML = """
[newsletter]
slug = "lemon-boat"
name = "The Lemon Boat Letter"
tagline = "News from the lake"
promise = "One letter a week."
from_name = "The Lemon Boat"
from_email = "letter@lemon.example"
postal_address = "1 Harbour"

[topics.europe]
name = "Europe and the lake"

[authors."Ada Verdi"]
bio = "Rows."

[articles."tin-robots-of-lake-garda"]
published_at = 2026-10-05T06:00:00Z
image = "images/tin.png"
alt = "A tin boat."
licence = "CC BY 4.0"
"""


@pytest.fixture
def archive(tmp_path: Path, settings: Settings) -> Path:
    """A folder as an editor keeps it: articles below, facts and images beside them."""
    settings.MEDIA_ROOT = tmp_path / "media"
    folder = tmp_path / "archive"
    (folder / "articles").mkdir(parents=True)
    (folder / "images").mkdir()
    shutil.copy(FORM, folder / "articles")
    Image.new("RGB", (900, 600), "orange").save(folder / "images" / "tin.png")
    (folder / "archive.toml").write_text(TOML, "utf-8")
    return folder


def run(*paths: Path) -> str:
    """Return what the command said."""
    out, err = io.StringIO(), io.StringIO()
    call_command("import_articles", *map(str, paths), stdout=out, stderr=err)
    return out.getvalue() + err.getvalue()


def refused(*paths: Path) -> list[str]:
    """Return the lines with which the command refused files."""
    err = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("import_articles", *map(str, paths), stdout=io.StringIO(), stderr=err)
    assert caught.value.returncode == 1
    return err.getvalue().splitlines()


def test_an_article_comes_in_with_everything_that_form_and_facts_say(archive: Path) -> None:
    assert "1 created" in run(archive)
    article = Article.objects.get(slug="tin-robots-of-lake-garda")
    assert article.status == Article.Status.PUBLISHED
    assert article.published_at == datetime(2026, 10, 5, 6, tzinfo=UTC)
    assert [str(each) for each in article.bylines.all()] == ["Ada Verdi", "Björn Ek"]
    assert article.topic == Topic.objects.get(slug="europe", name="Europe and the lake")
    assert article.image_alt == "A tin boat."
    assert article.image_licence == "CC BY 4.0"
    assert article.image_credit == "Photo by Nadia Ferro on Open Shelf"
    assert default_storage.exists(str(article.image))
    assert article.watch_items.count() == 2
    assert article.sources.count() == 2
    assert Author.objects.get(name="Ada Verdi").bio == "Rows."
    assert Newsletter.objects.get().from_address == "letter@lemon.example"


def test_importing_twice_changes_nothing(archive: Path, settings: Settings) -> None:
    run(archive)
    before = Article.objects.values().get()
    files = sorted(Path(settings.MEDIA_ROOT).rglob("*"))
    assert "0 created, 0 updated, 1 unchanged" in run(archive)
    assert Article.objects.values().get() == before
    assert Article.history.count() == 1
    assert sorted(Path(settings.MEDIA_ROOT).rglob("*")) == files
    assert Newsletter.objects.count() == Topic.objects.count() == 1


def test_a_changed_file_updates_and_keeps_what_the_newsroom_added(archive: Path) -> None:
    run(archive)
    WatchItem.objects.filter(text="A fare for bicycles.").update(outcome="happened")
    Source.objects.filter(publisher="Garda Ferry Office").update(check_result="answers")
    file = archive / "articles" / FORM.name
    text = file.read_text("utf-8").replace("By Ada Verdi and Björn Ek", "By Björn Ek")
    text = text.replace("- Whether the second harbour signs by June.\n", "- A third harbour.\n")
    file.write_text(text.replace("The foreman’s notebook\n", ""), "utf-8")
    assert "1 updated" in run(archive)
    article = Article.objects.get()
    assert [str(each) for each in article.bylines.all()] == ["Björn Ek"]
    assert list(article.watch_items.values_list("text", "outcome")) == [
        ("A third harbour.", "open"),
        ("A fare for bicycles.", "happened"),
    ]
    assert list(article.sources.values_list("check_result", flat=True)) == ["answers"]


def test_changed_facts_and_a_changed_image_update_too(archive: Path) -> None:
    run(archive)
    first = str(Article.objects.get().image)
    Image.new("RGB", (900, 600), "green").save(archive / "images" / "tin.png")
    assert "1 updated" in run(archive)
    second = str(Article.objects.get().image)
    assert first != second
    # A mail that went out shows the first one.
    assert default_storage.exists(first)
    (archive / "archive.toml").write_text(TOML.replace("A tin boat", "A boat of tin"), "utf-8")
    assert "1 updated" in run(archive)
    assert Article.objects.get().image_alt == "A boat of tin."


def test_a_withdrawn_article_stays_withdrawn(archive: Path) -> None:
    run(archive)
    Article.objects.update(status=Article.Status.WITHDRAWN)
    file = archive / "articles" / FORM.name
    file.write_text(file.read_text("utf-8").replace("row.", "row well."), "utf-8")
    assert "1 updated" in run(archive)
    assert Article.objects.get().status == Article.Status.WITHDRAWN


def test_a_bad_file_is_refused_by_name_and_line_and_the_others_come_in(archive: Path) -> None:
    (archive / "articles" / "a-note.txt").write_text("A headline\nNo byline.", "utf-8")
    (archive / "articles" / "b-photo.txt").write_bytes(b"\x89PNG\r\n\x1a\n")
    (archive / "articles" / "C headline.txt").write_text("A\nBy B\nC", "utf-8")
    lines = refused(archive, archive / "nowhere")
    assert [line.removeprefix(str(archive)) for line in lines] == [
        "/nowhere:1: there is no such file or folder",
        (
            "/articles/C headline.txt:1: the file’s name becomes the article’s address; "
            "call it c-headline.txt"
        ),
        "/articles/a-note.txt:2: the line after the headline should say who wrote it: “By …”",
        "/articles/b-photo.txt:1: this is not UTF-8 text; save the file as UTF-8",
    ]
    assert Article.objects.get().slug == "tin-robots-of-lake-garda"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('alt = "A tin boat."', "", "17: the image images/tin.png needs its alt"),
        ('licence = "CC BY 4.0"', "", "17: the image images/tin.png needs its licence"),
        ("images/tin.png", "images/none.png", "17: there is no image images/none.png"),
        ("images/tin.png", "../secret.png", "17: the image ../secret.png lies outside"),
        ("images/tin.png", "archive.toml", "17: the image cannot be taken: it is not a JPEG"),
        ("licence =", "license =", "17: [articles."),
        ("[topics.europe]", "[topics.europe", "11: no TOML"),
    ],
)
def test_facts_that_cannot_stand_are_refused_with_their_line(
    archive: Path, old: str, new: str, reason: str
) -> None:
    toml = archive / "archive.toml"
    toml.write_text(TOML.replace(old, new), "utf-8")
    (line,) = refused(archive)
    assert line.startswith(f"{toml}:{reason}")
    assert not Article.objects.exists()
    assert not WatchItem.objects.exists()


def test_a_file_alone_has_the_time_of_its_first_import_and_makes_its_newsletter(
    tmp_path: Path,
) -> None:
    file = tmp_path / FORM.name
    shutil.copy(FORM, file)
    run(file)
    first = Article.objects.get()
    assert first.published_at is not None
    assert not first.image
    newsletter = Newsletter.objects.get()
    assert newsletter.name == "The Lemon Boat Letter"
    assert newsletter.promise == "One letter a week. Leave when you like."
    file.write_text(file.read_text("utf-8").replace("eleven", "twelve"), "utf-8")
    assert "1 updated" in run(file)
    assert Article.objects.get().published_at == first.published_at


def test_facts_that_come_later_adopt_the_newsletter_that_a_box_made(archive: Path) -> None:
    (archive / "archive.toml").rename(archive / "later.toml")
    run(archive)
    (archive / "later.toml").rename(archive / "archive.toml")
    run(archive)
    assert Newsletter.objects.values_list("slug", flat=True).get() == "lemon-boat"


def test_one_author_with_either_apostrophe_and_two_with_one_spelling(archive: Path) -> None:
    for stem, name in (
        ("a", "Siobhán O'Rourke"),
        ("b", "Siobhán O’Rourke"),
        ("c", "Siobhan ORourke"),
    ):
        (archive / "articles" / f"{stem}.txt").write_text(f"A\nBy {name}\nC", "utf-8")
    run(archive)
    slugs = Author.objects.filter(name__startswith="Sio").values_list("slug", flat=True)
    assert sorted(slugs) == ["siobhan-orourke", "siobhán-orourke"]
