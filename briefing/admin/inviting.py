"""The form that makes a member of staff, and the mail by which they choose a password of their own."""

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.internal.flows.password_reset import request_password_reset
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.forms import UserCreationForm

from briefing.models import User


class NewStaffForm(UserCreationForm):
    """Asks for no password: one that is passed on by word of mouth is known to two people."""

    def clean(self) -> dict[str, Any]:
        """Take two empty fields for what Django calls no usable password, and have an address then."""
        if not any(self.cleaned_data.get(name) for name in ("password1", "password2")):
            self.cleaned_data["usable_password"] = "false"  # noqa: S105  a choice, no password
            if not self.cleaned_data.get("email") and "email" not in self.errors:
                self.add_error(
                    "email", _("The link to choose a password needs an address to go to.")
                )
        values: dict[str, Any] = super().clean() or self.cleaned_data
        return values

    @property
    def invites(self) -> bool:
        """Whether the password was left to the person it is for."""
        return not self.cleaned_data["set_usable_password"]


def invite(request: HttpRequest, person: User) -> None:
    """Write to somebody who has no password yet; the link in it is that of a forgotten one."""
    request_password_reset(request, person.email, [person], default_token_generator)
