"""Importing text files at the desk, with the refusals of `manage.py import_articles`."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from briefing.admin import audit, trail
from briefing.admin.gate import needs
from briefing.admin.screen import render
from briefing.archive import importing, slugs
from briefing.models import Article

_MAX_FILES = 200


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one file: `outcome` is empty when it was refused, and `reason` then says why.

    `article` is the number of the article that came of it, to be looked at.
    """

    name: str
    outcome: str
    reason: str = ""
    line: int = 0
    changed: bool = False
    article: int | None = None


class Files(forms.FileField):
    """Several files at once."""

    widget = forms.FileInput

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        """Check each file by itself."""
        return [super(Files, self).clean(each, initial) for each in data or [None]]


class _SeveralFiles(forms.FileInput):
    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name)


class ImportForm(forms.Form):
    """The article files, and what lies beside them."""

    picked = Files(
        label=_("Files"),
        # Refused like every other one: by its name, and keeping no other one out.
        allow_empty_file=True,
        widget=_SeveralFiles({"accept": ".txt,.toml,.jpg,.jpeg,.png,.webp,.gif", "multiple": True}),
        help_text=_(
            "Articles as .txt. An archive.toml and the pictures it names may come with them; it "
            "names pictures without a folder."
        ),
    )

    def clean_picked(self) -> "list[UploadedFile[Any]]":
        """Refuse what has no article in it, and more than one request should carry."""
        files: list[UploadedFile[Any]] = self.cleaned_data["picked"]
        if len(files) > _MAX_FILES:
            raise forms.ValidationError(_("At most 200 files at once."))
        if not any((each.name or "").endswith(".txt") for each in files):
            raise forms.ValidationError(_("There is no .txt file among these."))
        return files


@require_http_methods(["GET", "HEAD", "POST"])
@needs("briefing.publish_article")
def take(request: HttpRequest) -> HttpResponse:
    """Import the files, each by itself: one that is refused keeps no other one out."""
    form = ImportForm(request.POST or None, request.FILES or None)
    lines: list[Line] = []
    if request.method == "POST" and form.is_valid():
        lines = _bring_in(form.cleaned_data["picked"])
        came = [each.name for each in lines if each.changed]
        if came:
            audit.record(request, "article.import", files=came)
    return render(
        request,
        "desk/import.html",
        _("Import articles"),
        form=form,
        lines=lines,
        trail=trail.articles(),
    )


def _bring_in(files: "list[UploadedFile[Any]]") -> list[Line]:
    with TemporaryDirectory() as base:
        # One folder deeper: archive.toml is looked for in the folder above as well.
        folder = Path(base) / "files"
        folder.mkdir()
        for each in files:
            # Only the name: a path that a browser sends leads nowhere here.
            name = PurePosixPath((each.name or "").replace("\\", "/")).name
            (folder / name).write_bytes(each.read())
        return [_bring(path) for path in sorted(folder.glob("*.txt"))]


def _bring(path: Path) -> Line:
    try:
        outcome = importing.import_file(path, now=timezone.now())
    except importing.RefusedError as error:
        return Line(error.path.name, "", error.reason, error.line)
    words = {
        importing.Outcome.CREATED: _("imported"),
        importing.Outcome.UPDATED: _("updated"),
        importing.Outcome.UNCHANGED: _("unchanged"),
    }
    changed = outcome != importing.Outcome.UNCHANGED
    known = Article.objects.filter(slugs.known_as(path.stem))
    article = known.values_list("pk", flat=True).first()
    return Line(path.name, str(words[outcome]), changed=changed, article=article)
