"""The form that sends an issue: the typed number, the time, and the name under every warning."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from briefing.admin.firsts import FirstWaveForm
from briefing.issues.rules import Finding
from briefing.models import Issue
from subscribers.forms import zones


class CountForm(forms.Form):
    """Asks for the number of readers: nobody types 48,112 by mistake."""

    count = forms.CharField(
        label=_("Type the number of readers to confirm"),
        max_length=20,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, planned: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.planned = planned

    def clean_count(self) -> int:
        """Take the number in any of the ways in which people write thousands."""
        digits = "".join(c for c in self.cleaned_data["count"] if c not in " ,.'’\u00a0\u202f")
        if digits != str(self.planned):
            raise forms.ValidationError(
                _("That is not the number above. It may have changed since; please read it again.")
            )
        return self.planned


class DepartureForm(FirstWaveForm, CountForm):
    """Asks when and who first as well, and for a name under the warnings.

    Without a time it is for now. `departs_at` is the time in UTC, once the form is valid.
    """

    at = forms.CharField(
        label=_("When"),
        required=False,
        max_length=30,
        widget=forms.DateTimeInput({"type": "datetime-local"}),
        help_text=_("Left empty, it goes out now."),
    )
    zone = forms.ChoiceField(label=_("in the time zone"), required=False)
    accepted = forms.BooleanField(
        label=_("Send it in spite of these warnings. My name is kept with them."), required=False
    )

    def __init__(
        self,
        *args: Any,
        issue: Issue,
        warnings: Sequence[Finding],
        not_before: datetime | None,
        now: datetime,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.offer_firsts(issue, planned=self.planned)
        self.warnings, self.not_before, self.now = warnings, not_before, now
        self.departs_at: datetime | None = None
        offered: Any = self.fields["zone"]
        offered.initial = issue.zone or issue.newsletter.time_zone
        offered.choices = zones(offered.initial)
        if issue.send_at and issue.send_at > now:
            # Whoever presses once more means another hour, and not this moment.
            local = issue.send_at.astimezone(ZoneInfo(offered.initial))
            self.fields["at"].initial = f"{local:%Y-%m-%dT%H:%M}"
        if not warnings:
            del self.fields["accepted"]

    def clean_accepted(self) -> bool:
        """Take the word of whoever goes on in spite of a warning."""
        if not self.cleaned_data["accepted"]:
            raise forms.ValidationError(
                _("Mend what the warnings say, or tick this to go on in spite of them.")
            )
        return True

    def clean(self) -> dict[str, Any]:
        """Turn the local time into one that every machine understands alike."""
        data = super().clean() or {}
        if data.get("at"):
            try:
                self.departs_at = moment(data["at"], data.get("zone") or "UTC")
            except ValueError as error:
                self.add_error("at", str(error))
            else:
                if self.departs_at <= self.now:
                    self.add_error("at", _("That time is over. Leave it empty to send it now."))
        departs_at = None if "at" in self.errors else self.departs_at or self.now
        if self.not_before and departs_at and departs_at < self.not_before:
            self.add_error("at", _("One of its articles is not public by then: see above."))
        return data


def moment(typed: str, zone: str) -> datetime:
    """Return a local time of a zone in UTC. Of an hour that comes twice, the first is meant.

    Raises: ValueError, with a sentence for the person, for what is no time of that zone.
    """
    try:
        naive = datetime.fromisoformat(typed)
    except ValueError as error:
        raise ValueError(_("Give day and time like this: 2026-12-01T09:00.")) from error
    if naive.tzinfo is not None:
        raise ValueError(_("Give the local time, and the zone beside it."))
    local = naive.replace(tzinfo=ZoneInfo(zone))
    if local.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != naive:
        # The hour that the clocks leave out in spring.
        raise ValueError(_("That hour does not exist there: the clocks are put forward."))
    return local.astimezone(UTC)
