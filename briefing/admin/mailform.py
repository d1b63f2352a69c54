"""What an editor writes of every mail, an issue or a step of a series: subject, preheader and texts."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from briefing.issues import slots

# Longer ones are cut off by most mailboxes on a phone, or push the preheader out.
BEST_SUBJECT, BEST_PREHEADER = 60, 90


def metered(best: int) -> forms.TextInput:
    """Return a field that counts what is typed: beyond `best` characters a phone cuts it off."""
    return forms.TextInput({"data-behaviour": "length-meter", "data-best": str(best)})


class MailForm(forms.Form):
    """Subject and preheader; every text beside them may hold expressions, too."""

    subject = forms.CharField(
        label=_("Subject"),
        max_length=200,
        widget=metered(BEST_SUBJECT),
        help_text=_("Up to about 60 characters are seen on a phone."),
    )
    preheader = forms.CharField(
        label=_("Preheader"),
        max_length=200,
        required=False,
        widget=metered(BEST_PREHEADER),
        help_text=_("What most mailboxes show after the subject; up to about 90 characters."),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse an expression that no reader has a value for, at the field it stands in."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        for name, field in self.fields.items():
            if not isinstance(field, forms.CharField):
                continue
            try:
                slots.check(values.get(name, ""))
            except slots.UnknownVariableError as error:
                self.add_error(name, str(error))
        return values
