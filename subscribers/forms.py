"""What people fill in: signing up, and their preferences."""

from datetime import date
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from subscribers import address, lately, links
from subscribers.address import Address
from subscribers.models import ConsentNotice, Newsletter, Subscriber, Subscription, Topic
from subscribers.preferences import Choices

# Forms stand in cached pages, so an old stamp is normal; a form filled in within two seconds is not.
MIN_FORM_SECONDS = 2
MAX_FORM_SECONDS = 7 * 24 * 3600
_REGIONS = {
    "Africa",
    "America",
    "Antarctica",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
}


def time_zones() -> list[tuple[str, Any]]:
    """Return the world's time zones by region, for a select; empty means the newsletter's own."""
    return [("", _("The newsletter’s own")), ("UTC", "UTC"), *regions().items()]


@cache
def regions() -> dict[str, list[tuple[str, str]]]:
    """Return the zones that people name their hours by, with their places, by region.

    Read once: to find them all, hundreds of files are opened.

    Old names (US/Pacific, Zulu) and those that say the opposite of what one thinks (Etc/GMT+5) are not
    among them.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(available_timezones()):
        region, separator, place = name.partition("/")
        if separator and region in _REGIONS:
            found.setdefault(region, []).append((name, place.replace("_", " ")))
    return found


def zones(chosen: str) -> list[tuple[str, str]]:
    """Return the zones to choose from by their whole names, and the chosen one, whatever it is."""
    names = {name for places in regions().values() for name, _place in places}
    return [(name, name.replace("_", " ")) for name in sorted(names | {chosen, "UTC"})]


class _KnownChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic when it runs
    """A choice that everybody makes: one process asks the database about it once a second."""

    def to_python(self, value: Any) -> Any:
        """Return the row that was chosen."""
        rows = self.queryset
        if rows is None or value in self.empty_values:
            return None
        _refuse_zero_byte(self, value)
        key = (rows.model.__name__, self.to_field_name, str(value))
        return lately.recall(key, lambda: super(_KnownChoice, self).to_python(value))


class _Topics(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # not generic when it runs
    """Topics by their slugs."""

    def clean(self, value: Any) -> Any:
        """Return the rows that were chosen; most people choose none, which asks nobody."""
        if not value and not self.required:
            return ()
        for slug in value or ():
            _refuse_zero_byte(self, slug)
        return super().clean(value)


def _refuse_zero_byte(field: forms.Field, value: object) -> None:
    """Refuse what PostgreSQL raises an error of its own for: text cannot hold a zero byte there."""
    if "\0" in str(value):
        message = field.error_messages["invalid_choice"]
        raise ValidationError(message, code="invalid_choice", params={"value": value})


class SignupForm(forms.Form):
    """One field for the person; the rest says where the form stood and what it showed."""

    newsletter = _KnownChoice(
        queryset=Newsletter.objects.filter(open_to_signup=True), to_field_name="slug"
    )
    email = forms.CharField(
        max_length=400,
        strip=True,
        error_messages={"required": _("Please enter your email address.")},
    )
    topics = _Topics(queryset=Topic.objects.all(), to_field_name="slug", required=False)
    notice = _KnownChoice(
        queryset=ConsentNotice.objects.filter(kind=ConsentNotice.Kind.SIGNUP), required=False
    )
    form = forms.SlugField(max_length=40, required=False)
    # People do not see this field; machines fill it in.
    website = forms.CharField(max_length=400, required=False)
    # Set by the button that keeps an address which looks like a slip.
    certain = forms.CharField(max_length=400, required=False)
    stamp = forms.CharField(max_length=200, required=False)
    # What the form's script has worked out, while many sign up at once.
    proof = forms.CharField(required=False)

    def clean_email(self) -> Address:
        """Turn what was typed into an address, or say what is wrong with it."""
        return _address(self.cleaned_data["email"])

    def suggestion(self) -> str | None:
        """Return the address that was probably meant, unless the person has insisted."""
        typed: Address = self.cleaned_data["email"]
        if self.cleaned_data["certain"] == typed.text:
            return None
        return address.suggest(typed)

    def age_seconds(self) -> int | None:
        """Return how long ago the form was made; None when it does not say so credibly."""
        try:
            (made_at,) = links.read("stamp", self.cleaned_data["stamp"])
        except links.BadLinkError:
            return None
        age = links.now() - made_at
        return age if age <= MAX_FORM_SECONDS else None


class PreferencesForm(forms.Form):
    """What a reader decides about their own mail."""

    topics = _Topics(queryset=Topic.objects.all(), to_field_name="slug", required=False)
    frequency = forms.ChoiceField(choices=Subscription.Frequency.choices)
    paused_until = forms.DateField(
        required=False, error_messages={"invalid": _("Please give the date as YYYY-MM-DD.")}
    )
    locale = forms.ChoiceField(choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(choices=time_zones, required=False)
    format = forms.ChoiceField(choices=Subscriber.Format.choices)
    tracking_allowed = forms.BooleanField(required=False)

    def __init__(self, data: Any, *, today: date) -> None:
        super().__init__(data)
        self._today = today

    def clean_paused_until(self) -> date | None:
        """Refuse a day that is over: whoever mistypes a year would be written to all the same."""
        until: date | None = self.cleaned_data["paused_until"]
        if until is not None and until <= self._today:
            raise ValidationError(_("A pause ends on a day to come. Leave it empty to read on."))
        return until

    def choices(self) -> Choices:
        """Return what was chosen, checked."""
        data = self.cleaned_data
        return Choices(
            topics=tuple(topic.slug for topic in data["topics"]),
            frequency=data["frequency"],
            paused_until=data["paused_until"],
            locale=data["locale"],
            time_zone=data["time_zone"],
            format=data["format"],
            tracking_allowed=data["tracking_allowed"],
        )


class NewAddressForm(forms.Form):
    """Where mail should go from now on."""

    email = forms.CharField(
        max_length=400, strip=True, error_messages={"required": _("Please enter the new address.")}
    )

    def clean_email(self) -> Address:
        """Turn what was typed into an address, or say what is wrong with it."""
        return _address(self.cleaned_data["email"])


def newsletters() -> QuerySet[Newsletter]:
    """Return the newsletters that take new readers."""
    return Newsletter.objects.filter(open_to_signup=True)


def first_error(form: forms.Form) -> str:
    """Return the first thing that is wrong, for a person."""
    errors: dict[str, Any] = form.errors
    return str(next(iter(errors.values()))[0]) if errors else ""


def _address(typed: str) -> Address:
    try:
        return address.parse(typed)
    except address.AddressRefusedError as error:
        raise ValidationError(str(error), code=error.code) from error
