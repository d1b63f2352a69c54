"""The form in which an article is written: what it refuses, and what it does with a new picture."""

import json
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from briefing.archive import keeping, pictures, seedfile, slugs
from briefing.models import Article


class ArticleForm(forms.ModelForm):  # type: ignore[type-arg]  # unfold's admin calls it unparametrised
    """Refuses a picture that nobody could hear of, and to replace unseen what somebody else wrote."""

    # The version that the person saw when they began to write.
    based_on = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Article
        fields = (
            "headline",
            "dek",
            "body",
            "image",
            "image_alt",
            "image_credit",
            "image_licence",
            "status",
            "published_at",
            "topic",
            "locale",
            "slug",
            "watch_heading",
        )
        widgets = {
            "dek": UnfoldAdminTextareaWidget({"rows": 3}),
            "body": UnfoldAdminTextareaWidget({"rows": 26, "class": "desk-markdown"}),
        }

    picture: tuple[str, bytes] | None = None
    slug_before = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.slug_before = self.instance.slug
            self.initial["based_on"] = _written(self.instance.updated_at)
        if "image" in self.fields:
            self.fields["image"].error_messages["invalid_image"] = _(
                "This cannot be taken: a picture is a JPEG, PNG, WebP or GIF file of at most 10 MB "
                "and 25 megapixels."
            )
        # An author who may only look gets the text without its field.
        if "body" in self.fields:
            self.fields["body"].widget.attrs |= _editor()
        if "locale" in self.fields:
            # An archive may have come with articles in other languages than the pages'.
            known = dict(settings.LANGUAGES)
            others = (
                {}
                if self.instance.locale in known
                else {self.instance.locale: self.instance.locale}
            )
            choices = (known | others).items()
            self.fields["locale"].widget = UnfoldAdminSelectWidget(choices=list(choices))

    def clean_slug(self) -> str:
        """Refuse an address that leads, or led, to another article."""
        slug: str = self.cleaned_data["slug"]
        if slugs.is_taken(slug, by_other_than=self.instance.pk):
            raise forms.ValidationError(
                _("Another article has this address, or had it: choose another one.")
            )
        return slug

    def clean_image_credit(self) -> str:
        """Take a credit as files have it, without the word that every page puts before it."""
        typed: str = self.cleaned_data["image_credit"].strip()
        found = seedfile.credited(typed)
        return typed if found is None else found

    def clean(self) -> dict[str, Any]:
        """Check what the fields only tell together, and take a new picture in."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        self._refuse_to_replace(values.get("based_on", ""))
        if isinstance(values.get("image"), UploadedFile):
            self._take(values)
        if values.get("image"):
            for name in ("image_alt", "image_credit"):
                if not values.get(name):
                    self.add_error(
                        name, _("An image needs this: say it here, or take the image away.")
                    )
        if values.get("status") == Article.Status.PUBLISHED and not values.get("published_at"):
            values["published_at"] = timezone.now()
        return values

    def _refuse_to_replace(self, seen: str) -> None:
        """Stop once when somebody else has saved meanwhile; who then saves again has decided."""
        # Locked until this request's transaction ends: two who save at once come one after another.
        stored = Article.objects.select_for_update().filter(pk=self.instance.pk).first()
        if stored is None or not seen or keeping.moment(seen) == stored.updated_at:
            return
        shown: Any = self.data.copy()  # type: ignore[attr-defined]  # what was posted is a QueryDict
        self.data = shown
        shown[self.add_prefix("based_on")] = _written(stored.updated_at)
        last = stored.history.select_related("history_user").first()
        self.add_error(
            None,
            _(
                "%(who)s saved this article at %(time)s, after you had opened it. Nothing of yours "
                "is saved yet, and it still stands below. Compare it with the newest version under "
                "“History”; when you save again, yours becomes the newest and theirs stays there."
            )
            % {
                "who": (last and last.history_user) or gettext("Somebody else"),
                "time": timezone.localtime(stored.updated_at).strftime("%H:%M"),
            },
        )

    def _take(self, values: dict[str, Any]) -> None:
        """Encode the upload anew, without what cameras write into it; it is stored on saving."""
        try:
            pictures.check_bytes(values["image"].size)
            self.picture = pictures.take(
                values["image"].read(), stem=f"articles/{values.get('slug') or 'article'}"
            )
        except pictures.PictureError as error:
            self.add_error("image", _("This picture cannot be taken: %(why)s.") % {"why": error})
        else:
            values["image"] = self.picture[0]


def _written(moment: datetime) -> str:
    return moment.isoformat()


def _editor() -> dict[str, Any]:
    """Return what the editor's script reads: where to render, and its words."""
    labels = {
        "bold": gettext("Bold"),
        "failed": gettext("The preview could not be made. Save, then try again."),
        "field": gettext("Body, in Markdown"),
        "heading": gettext("Heading"),
        "italic": gettext("Italic"),
        "link": gettext("Link"),
        "list": gettext("List"),
        "numbers": gettext("Numbered list"),
        "preview": gettext("Preview"),
        "quote": gettext("Quotation"),
        "wait": gettext("One moment …"),
        "words": gettext("Words: {number}"),
    }
    return {
        "data-behaviour": "markdown-editor",
        "data-labels": json.dumps(labels),
        "data-render": reverse_lazy("desk-render"),
    }
