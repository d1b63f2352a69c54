"""Newsletters with their promise and sender, and the topics that readers and articles share."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

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
        if "draft_day" in self.fields:
            days = cast("forms.TypedChoiceField", self.fields["draft_day"])
            days.choices = [("", _("never")), *WEEKDAYS.items()]
            # The browser's own: it knows how its user writes a time, and shows no seconds.
            self.fields["draft_at"].widget = UnfoldAdminTextInputWidget({"type": "time"})
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

    # Whoever changes one of them speaks of the weeks to come, not of an hour that is over.
    _hour = frozenset({"draft_day", "draft_at", "time_zone"})
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
        (_("The weekly draft"), {"fields": ("draft_day", "draft_at")}),
    )

    def save_model(
        self,
        request: HttpRequest,
        obj: Newsletter,
        form: Any,
        change: bool,  # noqa: FBT001  Django calls it so
    ) -> None:
        """Let a new hour count from now on."""
        if self._hour.intersection(form.changed_data):
            obj.draft_since = timezone.now()
        super().save_model(request, obj, form, change)


class TopicAdmin(LabelledInline, DeskModelAdmin):
    """What a reader can follow and an article carries."""

    list_display = ("name", "slug", "position", "description")
    list_editable = ("position",)
    search_fields = ("name", "slug")
    search_help_text = _("Words of the name")
    prepopulated_fields = {"slug": ("name",)}
    fields = (("name", "slug"), "description", "position")
