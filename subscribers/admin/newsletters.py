"""Newsletters with their promise and sender, and the topics that readers and articles share."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from subscribers.admin.base import DeskModelAdmin, LabelledInline
from subscribers.forms import zones
from subscribers.models import Newsletter


class NewsletterForm(forms.ModelForm):  # type: ignore[type-arg]  # unfold's admin calls it unparametrised
    """Offers the zones and languages there are: by any other, nothing could be scheduled or written."""

    class Meta:
        model = Newsletter
        fields = "__all__"  # noqa: DJ007  the screen's fieldsets say which

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        languages = dict(settings.LANGUAGES)
        languages.setdefault(self.instance.locale, self.instance.locale)
        choices: dict[str, list[tuple[str, Any]]] = {
            "time_zone": zones(self.instance.time_zone),
            "locale": [*languages.items()],
        }
        for name in choices.keys() & self.fields.keys():
            before = self.fields[name]
            self.fields[name] = forms.ChoiceField(
                label=before.label,
                choices=choices[name],
                initial=before.initial,
                widget=UnfoldAdminSelectWidget(choices=choices[name]),
            )


class NewsletterAdmin(DeskModelAdmin):
    """What a reader can sign up for."""

    form = NewsletterForm
    list_display = ("name", "cadence", "from_address", "open_to_signup")
    search_fields = ("name", "slug")
    search_help_text = _("Words of the name")
    prepopulated_fields = {"slug": ("name",)}
    fieldsets = (
        (None, {"fields": (("name", "slug"), "tagline", "promise", ("cadence", "open_to_signup"))}),
        (
            _("As readers see it in their mailbox"),
            {"fields": (("from_name", "from_address"), "reply_to", "postal_address")},
        ),
        (_("Where it is at home"), {"fields": (("time_zone", "locale"),)}),
    )


class TopicAdmin(LabelledInline, DeskModelAdmin):
    """What a reader can follow and an article carries."""

    list_display = ("name", "slug", "position", "description")
    list_editable = ("position",)
    search_fields = ("name", "slug")
    search_help_text = _("Words of the name")
    prepopulated_fields = {"slug": ("name",)}
    fields = (("name", "slug"), "description", "position")
